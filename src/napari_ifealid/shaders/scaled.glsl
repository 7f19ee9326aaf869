vec4 scaled(vec4 features, float factor, float shift, int texel) {
    return features * factor;
}
