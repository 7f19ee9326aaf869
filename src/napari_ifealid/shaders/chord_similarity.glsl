float chord_similarity(float squared_chord) {
    // 1 - arccos(c) / (pi / 2) with 1 - c = squared_chord / 2.
    // Abramowitz & Stegun 1964, 4.4.46: arccos(c) = sqrt(1 - c) * polynomial, error below 2e-8.
    float x = squared_chord * 0.5;
    float c = 1.0 - x;
    float p = -0.0012624911;
    p = p * c + 0.0066700901;
    p = p * c - 0.0170881256;
    p = p * c + 0.0308918810;
    p = p * c - 0.0501743046;
    p = p * c + 0.0889789874;
    p = p * c - 0.2145988016;
    p = p * c + 1.5707963050;
    float similarity = 1.0 - sqrt(x) * p * 0.6366197723675814;
    bool same_vector = squared_chord < 1e-11;  // but for rounding
    return same_vector ? 1.0 : (c > 0.0 ? similarity : 0.0);
}
