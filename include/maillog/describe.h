/* maillog/describe.h: names and reflection. Knows the schema, no daemon. Everything here is thread-safe. */
#ifndef MAILLOG_DESCRIBE_H
#define MAILLOG_DESCRIBE_H

#include <maillog/event.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Names as they stand in JSON: constants that live for ever. "unknown" for an id that is not in the schema, never
 *  NULL. */
MAILLOG_API const char *maillog_daemon_name(int daemon); /**< "postfix/smtpd" */
MAILLOG_API const char *maillog_event_name(int type);    /**< "reject" */
MAILLOG_API const char *maillog_field_name(int id);      /**< "queue_id" */
MAILLOG_API const char *maillog_family_name(int family); /**< "postfix" */
MAILLOG_API const char *maillog_match_name(int match);   /**< "event" */
MAILLOG_API const char *maillog_word_name(int word);     /**< "sent" */
MAILLOG_API const char *maillog_kind_name(int kind);     /**< "text" */

/** One line of documentation from the schema; "" for an unknown id. */
MAILLOG_API const char *maillog_daemon_doc(int daemon);
MAILLOG_API const char *maillog_event_doc(int type);
MAILLOG_API const char *maillog_field_doc(int id);
/** The programs and versions of a family: "Postfix 2.11 to 3.11, all programs"; "" for an unknown id. */
MAILLOG_API const char *maillog_family_doc(int family);

/** The maillog_kind of a field; 0 for an unknown id. */
MAILLOG_API int maillog_field_kind(int id);

/** The family of an event type (maillog_family); 0 for an unknown type. */
MAILLOG_API int maillog_event_family(int type);

/** Whether the schema says that an event may carry a field: 1 or 0. Header fields (those of type 0) may always be
 *  there. */
MAILLOG_API int maillog_event_may_have(int type, int field_id);

/** Whether a stranger (a client, a sender, another server, the owner of a DNS zone) chooses what a field of the event
 *  holds, and how the daemon writes what he sent (maillog_form); 0: no stranger fills it. */
MAILLOG_API int maillog_event_form(int type, int field_id);
MAILLOG_API const char *maillog_form_name(int form); /**< "helo"; "unknown" for an unknown form */
MAILLOG_API const char *maillog_form_doc(int form);  /**< "" for an unknown form */

/** Ids by name; 0 when there is none. Names need not be NUL-terminated. Linear in the schema. */
MAILLOG_API int maillog_daemon_by_name(const char *name, size_t len);
MAILLOG_API int maillog_field_by_name(const char *name, size_t len);

/** Walk the schema: the smallest id above `id` (start with 0), or 0 at the end. */
MAILLOG_API int maillog_daemon_next(int daemon);
MAILLOG_API int maillog_event_next(int type);
MAILLOG_API int maillog_field_next(int id);
MAILLOG_API int maillog_family_next(int family);

#ifdef __cplusplus
}
#endif

#endif
