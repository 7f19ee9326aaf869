vec4 shifted_vector(vec4 stored, int texel) {
    // the padding behind the last feature stays 0
    vec4 feature = vec4(4 * texel) + vec4(0.0, 1.0, 2.0, 3.0);
    return stored * $factor + $shift * step(feature, vec4(float($features) - 0.5));
}
