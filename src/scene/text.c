/* text.c - how wide a text is, without a font.
 *
 * Advances of Helvetica in thousandths of the size (Adobe's published font metrics; Arial and Liberation Sans have the
 * same). Fonts that stand in for it are up to a tenth wider, hence the slack.
 */
#include "base/utf8.h"
#include "scene/scene.h"

static const uint16_t advance[95] = {
    278,  278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, /* space to / */
    556,  556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, /* 0 to ? */
    1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778, /* @ to O */
    667,  778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, /* P to _ */
    333,  556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, /* ` to o */
    556,  556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,      /* p to ~ */
};

double scene_text_width(str text, double size, bool bold) {
    const double slack = 1.06, bolder = 1.06;
    uint64_t sum = 0;
    for (size_t i = 0; i < text.n;) {
        unsigned char c = (unsigned char)text.p[i];
        if (c < 0x80) {
            sum += c >= 32 && c < 127 ? advance[c - 32] : 0;
            i++;
            continue;
        }
        uint32_t code;
        i += utf8_decode(str_from(text, i), &code);
        int columns = code == UTF8_INVALID ? 1 : utf8_width(code);
        sum += columns == 0 ? 0 : columns == 2 ? 1000 : 600;
    }
    return (double)sum * size * slack * (bold ? bolder : 1) / 1000;
}
