/* postfix_lib_milter.c: the Milter client (src/milter). A Milter's reply texts are not in these lines but for
 * `malformed reply`, where they stand last.
 * Sources: Postfix 2.11 to 3.11. */
#include "postfix_library.h"

ML_PATTERN_ROWS(maillog__postfix_lib_milter) = {
    ROW1(MILTER_CONFIG_ERROR, "Milter service needs transport:endpoint instead of \"%S\"", MILTER),
    ROW1(MILTER_CONNECT_ERROR, "cannot receive milters via service %s socket", SERVICE),
    ROW1(MILTER_CONNECT_ERROR, "cannot send milters to service %s", SERVICE),
    ROW2(MILTER_CONNECT_ERROR, "connect to Milter service %s: %s", MILTER, ERROR),
    ROW1(MILTER_CONFIG_ERROR, "empty milter definition: \"%S\"", VALUE),
    ROW2(MILTER_CONFIG_ERROR, "ignoring multiple default macro entries for %s in \"%S\"", NAME, VALUE),
    ROW2(MILTER_CONFIG_ERROR, "invalid transport name: %s in Milter service: %s", TYPE, MILTER),
    ROW2(MILTER_CONFIG_ERROR, "malformed default macro entry: %s in \"%S\"", ENTRY, VALUE),
    ROW2(MILTER_CONFIG_ERROR, "milter %s: unrecognized default action: %s", MILTER, ACTION),
    ROW3(MILTER_CONFIG_ERROR, "milter %s: protocol version %d conflict with MTA protocol version %d", MILTER, VALUE,
         VERSION),
    ROW3(MILTER_CONFIG_ERROR, "milter %s: request mask %s conflict with MTA request mask %s", MILTER, VALUE, WANT),
    ROW2(MILTER_CONFIG_ERROR, "milter %s: unexpected protocol version %d", MILTER, VALUE),
    ROW2(MILTER_CONFIG_ERROR, "milter %s: ignoring unknown macro type %d", MILTER, TYPE),
    ROW3(MILTER_REPLY_ERROR, "milter %w: can't read %w reply packet header: %s", MILTER, MILTER_EVENT, ERROR),
    ROW2(MILTER_REPLY_ERROR, "milter %w: bad packet length: %f", MILTER, LENGTH),
    ROW3(MILTER_REPLY_ERROR, "milter %w: unreasonable packet length: %d > %d", MILTER, LEN, MAX),
    ROW2(MILTER_REPLY_ERROR, "milter %w: EOF while reading command code: %s", MILTER, ERROR),
    ROW1(MILTER_REPLY_ERROR, "milter %w: input packet too short for network long", MILTER),
    ROW2(MILTER_REPLY_ERROR, "milter %w: EOF while reading network long: %s", MILTER, ERROR),
    ROW1(MILTER_REPLY_ERROR, "milter %w: no data in input packet", MILTER),
    ROW2(MILTER_REPLY_ERROR, "milter %w: EOF while reading data: %s", MILTER, ERROR),
    ROW1(MILTER_REPLY_ERROR, "milter %w: packet too short for string", MILTER),
    ROW2(MILTER_REPLY_ERROR, "milter %w: error writing command: %s", MILTER, ERROR),
    ROW1(MILTER_REPLY_ERROR, "milter %w: DISCARD action is not allowed for connect or helo", MILTER),
    ROW2(MILTER_REPLY_ERROR, "milter %w: malformed reply: %s", MILTER, REPLY),
    ROW2(MILTER_REPLY_ERROR, "milter %w: bad change header index: %f", MILTER, N),
    ROW1(MILTER_REPLY_ERROR, "milter %w: null change header name", MILTER),
    ROW2(MILTER_REPLY_ERROR, "milter %w: bad insert header index: %f", MILTER, N),
    ROW1(MILTER_REPLY_ERROR, "milter %w: body replacement requests can't currently be mixed with other requests",
         MILTER),
    ROW3(MILTER_REPLY_ERROR, "milter %w: unexpected filter response %w after event %w", MILTER, RESPONSE, MILTER_EVENT),
    ROW3(MILTER_REPLY_ERROR, "milter %w: reply %w was followed by %d data bytes", MILTER, RESPONSE, BYTES),
    ROW2(MILTER_REPLY_ERROR, "milter %w: bad protocol information: %s", MILTER, TEXT),
    ROW1(MILTER_REPLY_ERROR, "milter %w: no protocol version information", MILTER),
    ROW1(MILTER_CONNECT_ERROR, "milter %w: write error in initial handshake", MILTER),
    ROW1(MILTER_CONNECT_ERROR, "milter %w: read error in initial handshake", MILTER),
    ROW2(MILTER_CONNECT_ERROR, "milter %w: unexpected reply \"%s\" in initial handshake", MILTER, REPLY),
    ROW2(MILTER_REPLY_ERROR, "milter %w: bad client port number %s", MILTER, VALUE),
    ROW1(MILTER_CONFIG_ERROR, "milter service syntax error: %s", MILTER),
};
ML_PATTERN_TABLE(maillog__postfix_lib_milter);

ML_PATTERN_ROWS(maillog__postfix_lib_milter_named) = {
    ROW3(QUEUE_FILE_ERROR, "%w: MIME problem %s in %w", FUNC, ERROR, PATH),
    ROW3(MILTER_REPLY_ERROR, "%w: attempt to send event %w to milter %w after error", FUNC, MILTER_EVENT, MILTER),
    ROW3(QUEUE_FILE_ERROR, "%w: error reading %w: %s", FUNC, PATH, ERROR),
    ROW2(MILTER_REPLY_ERROR, "%w: left-over data %d bytes", MILTER, BYTES),
    ROW3(MILTER_REPLY_ERROR, "%w: milter %w: EOF while reading string: %s", FUNC, MILTER, ERROR),
    ROW2(MILTER_REPLY_ERROR, "%w: milter %w: missing string null termimator", FUNC, MILTER),
    ROW3(QUEUE_FILE_ERROR, "%w: vstream_fseek %w: %s", FUNC, PATH, ERROR),
};
ML_PATTERN_TABLE_LEAD(maillog__postfix_lib_milter_named, "%w: ");
