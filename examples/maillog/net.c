/* net.c: an address is read as the library reads it. */
#include "net.h"

#include <maillog/event.h>

#include <stdlib.h>
#include <string.h>

static bool read_ip(const char *s, size_t n, uint8_t out[16])
{
    maillog_event ev;
    memset(&ev, 0, offsetof(maillog_event, field));
    ev.line = s;
    ev.len = (uint32_t)n;
    ev.nfields = 1;
    const maillog_field f = {MAILLOG_FIELD_CLIENT_ADDR, 0, 0, (uint32_t)n};
    ev.field[0] = f;
    return n > 0 && maillog_get_addr(&ev, MAILLOG_FIELD_CLIENT_ADDR, out) == MAILLOG_OK;
}

net_error net_parse(maillog_str s, ip_net *out)
{
    const char *slash = s.len ? (const char *)memchr(s.ptr, '/', s.len) : NULL;
    const size_t n = slash ? (size_t)(slash - s.ptr) : s.len;
    if (!read_ip(s.ptr, n, out->ip)) return NET_NO_IP;
    const bool v4 = !memchr(s.ptr, ':', n);
    const unsigned most = v4 ? 32 : 128;
    unsigned bits = slash ? 0 : most;
    for (const char *p = slash ? slash + 1 : s.ptr + s.len; p < s.ptr + s.len; p++) {
        if (*p < '0' || *p > '9') return NET_BAD_BITS;
        bits = bits * 10 + (unsigned)(*p - '0');
        if (bits > most) return NET_BAD_BITS;
    }
    if (slash && slash + 1 == s.ptr + s.len) return NET_BAD_BITS;
    out->bits = bits + (v4 ? 96 : 0);
    return NET_OK;
}

bool net_has(const ip_net *net, maillog_str s)
{
    uint8_t ip[16];
    const unsigned bytes = net->bits / 8, rest = net->bits % 8;
    if (!s.len || !read_ip(s.ptr, s.len, ip) || memcmp(ip, net->ip, bytes) != 0) return false;
    return rest == 0 || (ip[bytes] ^ net->ip[bytes]) >> (8 - rest) == 0;
}
