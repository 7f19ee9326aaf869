vec4 stored_vector(vec4 stored, int texel) {
    return stored;
}
