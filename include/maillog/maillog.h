/* maillog: embeddable C library for mail-log event parsing. One include for everything.
 *
 *   parse.h     one line in, one event out
 *   stream.h    bytes in, a callback for each line
 *   batch.h     thousands of lines per call, flat arrays
 *   describe.h  names and reflection          json.h  events as JSON
 *   join.h      events in, whole messages out
 *   explain.h   why a message went the way it went
 *   time.h      from a stamp to a point in time
 */
#ifndef MAILLOG_H
#define MAILLOG_H

#include <maillog/base.h>
#include <maillog/batch.h>
#include <maillog/describe.h>
#include <maillog/event.h>
#include <maillog/explain.h>
#include <maillog/join.h>
#include <maillog/json.h>
#include <maillog/parse.h>
#include <maillog/stream.h>
#include <maillog/time.h>

#endif
