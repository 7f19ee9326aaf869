vec4 sharp_chords(vec4 deviations, vec4 factors, float farthest) {
    // squared chords of unit vectors, 2 - 2 cosines; a zero vector is at a right angle to all
    vec4 has_direction = vec4(greaterThan(factors, vec4(0.0)));
    vec4 squared = clamp(2.0 * factors * deviations, 0.0, farthest);
    return squared * has_direction + (2.0 - 2.0 * has_direction);
}
