// How alike the vectors of pixels are to the nearest of some references, four pixels a fragment: they
// share the fetches of the references and the read-back. The pixels of a block fill four quarters,
// row by row, and a fragment draws one of each quarter. Four features lie in a texel. Pixels of a
// group, which are neighbours in a row, have their first texels side by side, then their second, and
// so on. Texels without a feature that is used are left out. Where only some features of a texel are used,
// the first reference marks the others by a large number: a mark costs less than a fetch of its own.
// GLSL 1.20, since macOS offers no more beside vispy.

uniform sampler2D u_features;
uniform sampler2D u_factors;          // 1 / length of the vectors, or what stands for it; 0: zero vector
uniform sampler2D u_shifts;           // added after the factor, where the measure has any
uniform sampler2D u_references;       // of unit length, one per row
uniform float u_farthest;             // squared chord that is at hand in any case

vec2 position;  // of the first texel of the fragment's first pixel: x in texels, y from 0 to 1
vec4 factors;
vec4 shifts;
vec4 sums[4 * $references];

void add_squares(int texel, bool is_marked) {
    float column = (float(texel) + 0.5) / float($texels);
    // before the features: a tenth less time on a software renderer
    vec4 reference = texture2D(u_references, vec2(column, 0.5 / float($references)));
    vec4 used = is_marked ? vec4(lessThan(reference, vec4($mark))) : vec4(1.0);
    reference *= used;
    float x = (position.x + float(texel) * $group) / ($width * float($texels));
    vec4 first = texture2D(u_features, vec2(x, position.y));
    first = $point(first, factors.x, shifts.x, texel) * used;
    vec4 second = texture2D(u_features, vec2(x, position.y + 0.25));
    second = $point(second, factors.y, shifts.y, texel) * used;
    vec4 third = texture2D(u_features, vec2(x, position.y + 0.5));
    third = $point(third, factors.z, shifts.z, texel) * used;
    vec4 fourth = texture2D(u_features, vec2(x, position.y + 0.75));
    fourth = $point(fourth, factors.w, shifts.w, texel) * used;
    for (int number = 0; number < $references; number++) {
        if (number > 0) {
            vec2 place = vec2(column, (float(number) + 0.5) / float($references));
            reference = texture2D(u_references, place);
        }
        // the chord between unit vectors keeps the digits that their dot product loses
        vec4 chord = first - reference;
        sums[4 * number] += chord * chord;
        chord = second - reference;
        sums[4 * number + 1] += chord * chord;
        chord = third - reference;
        sums[4 * number + 2] += chord * chord;
        chord = fourth - reference;
        sums[4 * number + 3] += chord * chord;
    }
}

int whole_texel(int n) {
    return $whole;
}

int mixed_texel(int n) {
    return $mixed;
}

void main() {
    vec2 fragment = gl_FragCoord.xy / vec2($width, $height);
    float column = floor(gl_FragCoord.x);
    float member = mod(column, $group);
    position = vec2((column - member) * float($texels) + member + 0.5, 0.25 * fragment.y);
    factors = texture2D(u_factors, fragment);
    shifts = $shifts;
    for (int number = 0; number < 4 * $references; number++) {
        sums[number] = vec4(0.0);
    }
    int n = 0;
    // four at a time: a fifth less time on a software renderer
    for (; n < $whole_count - 3; n += 4) {
        add_squares(whole_texel(n), false);
        add_squares(whole_texel(n + 1), false);
        add_squares(whole_texel(n + 2), false);
        add_squares(whole_texel(n + 3), false);
    }
    for (; n < $whole_count; n++) {
        add_squares(whole_texel(n), false);
    }
    for (n = 0; n < $mixed_count; n++) {
        add_squares(mixed_texel(n), true);
    }
    vec4 ones = vec4(1.0);
    vec4 nearest = vec4(u_farthest);
    for (int number = 0; number < $references; number++) {
        vec4 squared = vec4(dot(sums[4 * number], ones), dot(sums[4 * number + 1], ones),
                            dot(sums[4 * number + 2], ones), dot(sums[4 * number + 3], ones));
        nearest = min(nearest, squared);
    }
    // a zero vector is at a right angle to all references; where a driver computes a + b * (c - a) to
    // choose between two values, the smaller one loses its digits
    vec4 has_direction = vec4(greaterThan(factors, vec4(0.0)));
    gl_FragColor = $value(max(nearest, 2.0 - 2.0 * has_direction));
}
