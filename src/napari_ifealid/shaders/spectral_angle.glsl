vec4 spectral_angle(vec4 squared_chord) {
    // 1 - arccos(c) / (pi / 2) with 1 - c = squared_chord / 2.
    // Abramowitz & Stegun 1964, 4.4.46: arccos(c) = sqrt(1 - c) * polynomial, error below 2e-8.
    vec4 x = squared_chord * 0.5;
    vec4 c = 1.0 - x;
    vec4 p = vec4(-0.0012624911);
    p = p * c + 0.0066700901;
    p = p * c - 0.0170881256;
    p = p * c + 0.0308918810;
    p = p * c - 0.0501743046;
    p = p * c + 0.0889789874;
    p = p * c - 0.2145988016;
    p = p * c + 1.5707963050;
    vec4 similarity = 1.0 - sqrt(x) * p * 0.6366197723675814;
    similarity *= vec4(greaterThan(c, vec4(0.0)));
    // vectors that differ by rounding only are the same
    return max(similarity, vec4(lessThan(squared_chord, vec4(1e-11))));
}
