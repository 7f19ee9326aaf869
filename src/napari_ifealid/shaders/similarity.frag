// One fragment for each pixel of the stack: how similar its vector is to the reference.
// GLSL 1.20, since macOS offers no more beside vispy. Four features lie in a texel; the tiles of
// a pixel lie along z and, where there are more than a texture is deep, in further bands along y.

uniform sampler3D u_tiles;
uniform sampler2D u_inverse_lengths;  // of the vectors; 0 for a zero vector
uniform sampler2D u_reference;        // of unit length; tiles along x, bands along y

void main() {
    vec2 pixel = gl_FragCoord.xy / vec2($width, $height);
    float inverse_length = texture2D(u_inverse_lengths, pixel).r;
    vec4 squares = vec4(0.0);
    for (int band = 0; band < $bands; band++) {
        float y = (pixel.y + float(band)) / float($bands);
        float reference_y = (float(band) + 0.5) / float($bands);
        for (int tile = 0; tile < $depth; tile++) {
            float z = (float(tile) + 0.5) / float($depth);
            vec4 stored = texture3D(u_tiles, vec3(pixel.x, y, z));
            vec4 reference = texture2D(u_reference, vec2(z, reference_y));
            // the chord between unit vectors keeps the digits that their dot product loses
            vec4 chord = $vector(stored, band * $depth + tile) * inverse_length - reference;
            squares += chord * chord;
        }
    }
    float similarity = $similarity(dot(squares, vec4(1.0)));
    gl_FragColor = vec4(inverse_length > 0.0 ? similarity : 0.0);
}
