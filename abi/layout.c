/* layout.c: the structs whose layout is fixed for as long as the SONAME is: bindings count on each offset. Compiled by
 * check.sh, for machines with pointers of 64 bits. (abidiff does not mind two members of one type that change places.)
 */
#include <maillog/maillog.h>

#include <stddef.h>

#define AT(type, member, offset) _Static_assert(offsetof(type, member) == (offset), #type "." #member " moved")
#define SIZE(type, size) _Static_assert(sizeof(type) == (size), #type " has another size")

SIZE(maillog_str, 16);
AT(maillog_str, ptr, 0);
AT(maillog_str, len, 8);

SIZE(maillog_time, 16);
AT(maillog_time, year, 0);
AT(maillog_time, month, 2);
AT(maillog_time, day, 3);
AT(maillog_time, hour, 4);
AT(maillog_time, minute, 5);
AT(maillog_time, second, 6);
AT(maillog_time, digits, 7);
AT(maillog_time, nsec, 8);
AT(maillog_time, utc_offset, 12);

SIZE(maillog_field, 12);
AT(maillog_field, id, 0);
AT(maillog_field, word, 2);
AT(maillog_field, off, 4);
AT(maillog_field, len, 8);

SIZE(maillog_event, 40 + 12 * MAILLOG_FIELDS_MAX);
AT(maillog_event, line, 0);
AT(maillog_event, len, 8);
AT(maillog_event, type, 12);
AT(maillog_event, daemon, 14);
AT(maillog_event, match, 15);
AT(maillog_event, flags, 16);
AT(maillog_event, nfields, 20);
AT(maillog_event, time, 24);
AT(maillog_event, field, 40);

SIZE(maillog_batch_event, 40);
AT(maillog_batch_event, off, 0);
AT(maillog_batch_event, len, 4);
AT(maillog_batch_event, field, 8);
AT(maillog_batch_event, nfields, 12);
AT(maillog_batch_event, flags, 16);
AT(maillog_batch_event, type, 20);
AT(maillog_batch_event, daemon, 22);
AT(maillog_batch_event, match, 23);
AT(maillog_batch_event, time, 24);

SIZE(maillog_batch, 64);
AT(maillog_batch, event, 0);
AT(maillog_batch, field, 8);
AT(maillog_batch, event_cap, 16);
AT(maillog_batch, field_cap, 20);
AT(maillog_batch, nevents, 24);
AT(maillog_batch, nfields, 28);
AT(maillog_batch, lines, 32);
AT(maillog_batch, daemons, 40);
AT(maillog_batch, types, 48);
AT(maillog_batch, ntypes, 56);
AT(maillog_batch, final, 60);

AT(maillog_callbacks, size, 0);
AT(maillog_callbacks, on_event, 8);
AT(maillog_callbacks, on_unmatched, 16);
AT(maillog_callbacks, on_postfix_smtpd, 24);

AT(maillog_options, size, 0);
AT(maillog_options, skip, 8);
AT(maillog_options, memo, 16);
AT(maillog_options, buffer_end, 24);

SIZE(maillog_stream, 2048);
