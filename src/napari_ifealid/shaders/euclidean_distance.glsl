vec4 euclidean_distance(vec4 squared_distance) {
    vec4 values = 1.0 / (1.0 + sqrt(squared_distance));
    // vectors that differ by rounding only are the same
    return max(values, vec4(lessThan(squared_distance, vec4(1e-11))));
}
