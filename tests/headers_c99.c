/* The public headers are C99, each of them alone. */
#include <maillog/json.h>
#include <maillog/describe.h>
#include <maillog/explain.h>
#include <maillog/join.h>
#include <maillog/batch.h>
#include <maillog/time.h>
#include <maillog/stream.h>
#include <maillog/parse.h>
#include <maillog/event.h>
#include <maillog/base.h>
#include <maillog/arrow.h>
#include <maillog/maillog.h>

int headers_c99(void);
int headers_c99(void) { return (int)sizeof(maillog_event); }
