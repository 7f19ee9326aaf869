// How alike the up-sampled vectors of an image's pixels are to the nearest of some references, four
// neighbouring pixels a fragment: they share the read-back. The products of the stack's pixels with the
// references are cut into four parts, so that their weighted sums keep digits that float32 has no room
// for. A tap is 256 times its weight, a whole number, plus 16 times the row and the column of its pixel,
// counted from where the taps start: that column and row come first.
// GLSL 1.20, since macOS offers no more beside vispy.

uniform sampler2D u_taps;             // four a texel, one texel of each pixel of a block below the other
uniform sampler2D u_terms;            // what sums are compared with, high and low digits; then the factor
uniform sampler2D u_products;         // of one reference below those of the other
uniform vec2 u_first;                 // column of the image and row of the block that are drawn first
uniform float u_step;                 // each so many-th is drawn
uniform float u_unit;                 // from the terms to units of the sums' last part
uniform float u_scale;                // from these units to those of the factors
uniform float u_farthest;             // squared chord that is at hand in any case

vec2 start;  // of a pixel's taps among those of the stack
vec4 sums[$references];

void add_tap(float weight, float row, float column) {
    vec2 size = vec2($stack_width, $stack_height * float($references));
    vec2 place = (start + vec2(column, row) + 0.5) / size;
    for (int number = 0; number < $references; number++) {
        sums[number] += weight * texture2D(u_products, place);
        place.y += 1.0 / float($references);
    }
}

void add_taps(vec4 taps, int count) {
    vec4 weights = floor(taps / 256.0);
    taps -= 256.0 * weights;
    vec4 rows = floor(taps / 16.0);
    vec4 columns = taps - 16.0 * rows;
    if (count > 0) {
        add_tap(weights.x, rows.x, columns.x);
    }
    if (count > 1) {
        add_tap(weights.y, rows.y, columns.y);
    }
    if (count > 2) {
        add_tap(weights.z, rows.z, columns.z);
    }
    if (count > 3) {
        add_tap(weights.w, rows.w, columns.w);
    }
}

vec2 least_deviation(vec2 pixel) {
    vec3 terms = texture2D(u_terms, (pixel + 0.5) / vec2($width, $height)).xyz;
    for (int number = 0; number < $references; number++) {
        sums[number] = vec4(0.0);
    }
    vec2 place = (pixel + 0.5) / vec2($width, $height * float($texels));
    vec4 taps = texture2D(u_taps, place);
    start = taps.xy;
    add_taps(taps.zwxy, $taps < 2 ? $taps : 2);
    for (int n = 1; n < $texels; n++) {
        place.y += 1.0 / float($texels);
        add_taps(texture2D(u_taps, place), $taps + 2 - 4 * n);
    }
    terms.xy *= u_unit;
    float least = $deviation(sums[0], terms.x, terms.y);
    for (int number = 1; number < $references; number++) {
        least = min(least, $deviation(sums[number], terms.x, terms.y));
    }
    return vec2(u_scale * least, terms.z);
}

void main() {
    vec2 pixel = u_first + u_step * floor(gl_FragCoord.xy) * vec2(4.0, 1.0);
    vec2 next = vec2(u_step, 0.0);
    vec2 first = least_deviation(pixel);
    vec2 second = least_deviation(pixel + next);
    vec2 third = least_deviation(pixel + 2.0 * next);
    vec2 fourth = least_deviation(pixel + 3.0 * next);
    vec4 deviations = vec4(first.x, second.x, third.x, fourth.x);
    vec4 factors = vec4(first.y, second.y, third.y, fourth.y);
    gl_FragColor = $value($compared(deviations, factors, u_farthest));
}
