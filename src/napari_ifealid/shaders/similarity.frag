// How similar the vectors of pixels are to the reference, four pixels a fragment: they share the
// fetch of the reference and the read-back. The pixels of a block fill four quarters, row by row,
// and a fragment draws one of each quarter. Four features lie in a texel, and the texels of a
// pixel lie side by side, as in memory.
// GLSL 1.20, since macOS offers no more beside vispy.

uniform sampler2D u_features;
uniform sampler2D u_inverse_lengths;  // of the vectors; 0 for a zero vector
uniform sampler2D u_reference;        // of unit length

vec4 squares(vec4 features, float inverse_length, vec4 reference) {
    // the chord between unit vectors keeps the digits that their dot product loses
    vec4 chord = features * inverse_length - reference;
    return chord * chord;
}

void main() {
    vec2 fragment = gl_FragCoord.xy / vec2($width, $height);
    vec4 inverse = texture2D(u_inverse_lengths, fragment);
    vec4 first = vec4(0.0), second = vec4(0.0), third = vec4(0.0), fourth = vec4(0.0);
    float left = floor(gl_FragCoord.x) / $width;
    float y = 0.25 * fragment.y;
    for (int texel = 0; texel < $texels; texel++) {
        float along = (float(texel) + 0.5) / float($texels);
        vec4 reference = texture2D(u_reference, vec2(along, 0.5));
        float x = left + along / $width;
        first += squares(texture2D(u_features, vec2(x, y)), inverse.x, reference);
        second += squares(texture2D(u_features, vec2(x, y + 0.25)), inverse.y, reference);
        third += squares(texture2D(u_features, vec2(x, y + 0.5)), inverse.z, reference);
        fourth += squares(texture2D(u_features, vec2(x, y + 0.75)), inverse.w, reference);
    }
    vec4 ones = vec4(1.0);
    vec4 sums = vec4(dot(first, ones), dot(second, ones), dot(third, ones), dot(fourth, ones));
    gl_FragColor = $similarity(sums) * vec4(greaterThan(inverse, vec4(0.0)));
}
