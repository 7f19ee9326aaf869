// How similar the vectors of pixels are to the reference, four pixels a fragment: they share the
// fetch of the reference and the read-back. The pixels of a block fill four quarters, row by row,
// and a fragment draws one of each quarter. Four features lie in a texel. Pixels of a group, which
// are neighbours in a row, have their first texels side by side, then their second, and so on.
// GLSL 1.20, since macOS offers no more beside vispy.

uniform sampler2D u_features;
uniform sampler2D u_inverse_lengths;  // of the vectors; 0 for a zero vector
uniform sampler2D u_reference;        // of unit length

vec2 position;  // of the first texel of the fragment's first pixel: x in texels, y from 0 to 1
vec4 inverse;
vec4 first = vec4(0.0), second = vec4(0.0), third = vec4(0.0), fourth = vec4(0.0);

vec4 squares(vec2 place, float inverse_length, vec4 reference) {
    // the chord between unit vectors keeps the digits that their dot product loses
    vec4 chord = texture2D(u_features, place) * inverse_length - reference;
    return chord * chord;
}

void add_squares(int texel) {
    vec4 reference = texture2D(u_reference, vec2((float(texel) + 0.5) / float($texels), 0.5));
    float x = (position.x + float(texel) * $group) / ($width * float($texels));
    first += squares(vec2(x, position.y), inverse.x, reference);
    second += squares(vec2(x, position.y + 0.25), inverse.y, reference);
    third += squares(vec2(x, position.y + 0.5), inverse.z, reference);
    fourth += squares(vec2(x, position.y + 0.75), inverse.w, reference);
}

void main() {
    vec2 fragment = gl_FragCoord.xy / vec2($width, $height);
    float column = floor(gl_FragCoord.x);
    float member = mod(column, $group);
    position = vec2((column - member) * float($texels) + member + 0.5, 0.25 * fragment.y);
    inverse = texture2D(u_inverse_lengths, fragment);
    int texel = 0;
    // four at a time: a fifth less time on a software renderer
    for (; texel < $texels - 3; texel += 4) {
        add_squares(texel);
        add_squares(texel + 1);
        add_squares(texel + 2);
        add_squares(texel + 3);
    }
    for (; texel < $texels; texel++) {
        add_squares(texel);
    }
    vec4 ones = vec4(1.0);
    vec4 sums = vec4(dot(first, ones), dot(second, ones), dot(third, ones), dot(fourth, ones));
    gl_FragColor = $similarity(sums) * vec4(greaterThan(inverse, vec4(0.0)));
}
