/* maillog/version.h: the version of the headers. CMake reads these literals. */
#ifndef MAILLOG_VERSION_H
#define MAILLOG_VERSION_H

#define MAILLOG_VERSION_MAJOR 0
#define MAILLOG_VERSION_MINOR 1
#define MAILLOG_VERSION_PATCH 0
#define MAILLOG_VERSION_STRING "0.1.0"

/** Grows by one with every release that appends rows to the schema. */
#define MAILLOG_SCHEMA_VERSION 1

#endif
