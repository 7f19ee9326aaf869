vec4 cosine(vec4 squared_chord) {
    vec4 cosines = max(1.0 - squared_chord * 0.5, vec4(-1.0));
    // vectors that differ by rounding only are the same
    return max(cosines, 2.0 * vec4(lessThan(squared_chord, vec4(1e-11))) - 1.0);
}
