float deviation(vec4 sums, float high, float low) {
    // high + low minus the sums, the last of which has units of 1, the others of 256 times the next.
    // All but the last are whole: what is subtracted first is exact where the difference is small.
    float first = floor(high / 65536.0 + 0.5);
    float rest = high - 65536.0 * first;
    float second = floor(rest / 256.0 + 0.5);
    rest -= 256.0 * second;
    float third = floor(rest + 0.5);
    float whole = floor(low + 0.5);
    float apart = 256.0 * (first - sums.x) + (second - sums.y);
    apart = 256.0 * apart + (third + whole - sums.z);
    apart += (rest - third) + (low - whole) - sums.w;
    // less is rounding
    return apart * float(abs(apart) >= 0.03125);
}
