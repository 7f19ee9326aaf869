vec4 stored_vector(vec4 stored, int tile) {
    return stored;
}
