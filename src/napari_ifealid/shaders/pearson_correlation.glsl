vec4 pearson_correlation(vec4 squared_distance) {
    vec4 correlations = max(1.0 - squared_distance * 0.5, vec4(-1.0));
    // vectors that differ by rounding only are the same
    return max(correlations, 2.0 * vec4(lessThan(squared_distance, vec4(1e-11))) - 1.0);
}
