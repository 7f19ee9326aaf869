vec4 sharp_forms(vec4 deviations, vec4 factors, float farthest) {
    // sums, counted from that of a pixel that is the reference
    return -deviations;
}
