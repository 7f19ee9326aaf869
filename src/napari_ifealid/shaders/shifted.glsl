vec4 shifted(vec4 features, float factor, float shift, int texel) {
    // not where the last texel has no feature
    vec4 numbers = vec4(float(4 * texel)) + vec4(0.5, 1.5, 2.5, 3.5);
    return features * factor + shift * vec4(lessThan(numbers, vec4($features)));
}
