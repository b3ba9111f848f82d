// maillog.hpp: C++17 over maillog's C API, header-only: string_view, optional, range-for, callbacks of any callable.
//
//   maillog::stream s([](const maillog::event &ev) { std::cout << ev["queue_id"].value_or("-") << '\n'; });
//   s.feed(bytes); s.finish();
//
// Views live as long as the line they are cut from: in a callback, until it returns. What a callback throws does not go
// through the C code: the run is stopped, and it is thrown again from feed(). Nothing here allocates for an event.
#ifndef MAILLOG_HPP
#define MAILLOG_HPP

#include <maillog/maillog.h>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace maillog
{

class error : public std::runtime_error
{
  public:
    explicit error(int c) : std::runtime_error(maillog_strerror(c)), code(c) {}
    const int code;
};

inline void check(int code)
{
    if (code < 0) throw error(code);
}

inline std::string_view view(maillog_str s) { return s.ptr ? std::string_view(s.ptr, s.len) : std::string_view(); }

/// A field of an event: its name and its text.
struct field {
    maillog_field_id id;
    maillog_word word; ///< of enumerated fields
    std::string_view text;
    std::string_view name() const { return maillog_field_name(id); }
};

/// An event that somebody else holds: the library in a callback, a `line`, a `batch`. Cheap to copy.
class event
{
  public:
    event(const char *base, const maillog_field *fields, std::uint32_t nfields, const maillog_time &time,
          std::string_view line, unsigned type, unsigned daemon, unsigned match, std::uint32_t flags)
        : base_(base), fields_(fields), nfields_(nfields), flags_(flags), type_(static_cast<std::uint16_t>(type)),
          daemon_(static_cast<std::uint8_t>(daemon)), match_(static_cast<std::uint8_t>(match)), line_(line),
          time_(&time)
    {
    }
    explicit event(const maillog_event &e)
        : event(e.line, e.field, e.nfields, e.time, {e.line ? e.line : "", e.len}, e.type, e.daemon, e.match, e.flags)
    {
    }

    std::string_view line() const { return line_; }
    maillog_event_type type() const { return static_cast<maillog_event_type>(type_); }
    maillog_daemon daemon() const { return static_cast<maillog_daemon>(daemon_); }
    maillog_match match() const { return static_cast<maillog_match>(match_); }
    std::uint32_t flags() const { return flags_; }
    const maillog_time &time() const { return *time_; }
    std::string_view name() const { return type_ ? maillog_event_name(type_) : std::string_view(); }
    std::string_view daemon_name() const { return daemon_ ? maillog_daemon_name(daemon_) : std::string_view(); }

    /// The first such field's text; nothing if it is absent, an empty view if it is empty.
    std::optional<std::string_view> operator[](maillog_field_id id) const
    {
        for (const field f : *this)
            if (f.id == id) return f.text;
        return std::nullopt;
    }
    std::optional<std::string_view> operator[](std::string_view name) const
    {
        const int id = maillog_field_by_name(name.data(), name.size());
        return id ? (*this)[static_cast<maillog_field_id>(id)] : std::nullopt;
    }
    maillog_word word(maillog_field_id id) const
    {
        for (const field f : *this)
            if (f.id == id) return f.word;
        return MAILLOG_WORD_NONE;
    }

    class iterator
    {
      public:
        iterator(const char *base, const maillog_field *at) : base_(base), at_(at) {}
        field operator*() const
        {
            return {static_cast<maillog_field_id>(at_->id),
                    static_cast<maillog_word>(at_->word),
                    {base_ + at_->off, at_->len}};
        }
        iterator &operator++() { return ++at_, *this; }
        bool operator!=(const iterator &other) const { return at_ != other.at_; }

      private:
        const char *base_;
        const maillog_field *at_;
    };
    iterator begin() const { return {base_, fields_}; }
    iterator end() const { return {base_, fields_ + nfields_}; }
    std::size_t size() const { return nfields_; }

  private:
    const char *base_;
    const maillog_field *fields_;
    std::uint32_t nfields_, flags_;
    std::uint16_t type_;
    std::uint8_t daemon_, match_;
    std::string_view line_;
    const maillog_time *time_;
};

/// One line, parsed. Views point into `text`, which must outlive it.
class line
{
  public:
    explicit line(std::string_view text, const maillog_options *opt = nullptr)
    {
        check(maillog_parse_line(opt, text.data(), text.size(), &e_));
    }
    event get() const { return event(e_); }

  private:
    maillog_event e_;
};

/// What a callback threw, kept until the C code has returned.
class thrown
{
  public:
    explicit operator bool() const { return static_cast<bool>(what_); }
    /// f() in a callback: what it throws is kept, and -1 stops the run.
    template <class F> int catching(F &&f) noexcept
    {
        try {
            return f();
        } catch (...) {
            what_ = std::current_exception();
            return -1;
        }
    }
    /// Back from C with its code.
    void done(int code)
    {
        if (what_) std::rethrow_exception(std::exchange(what_, nullptr));
        check(code);
    }

  private:
    std::exception_ptr what_;
};

/// Bytes to a callable. It takes `const event &` and returns void, or a bool: false pauses. It stays where it is, as
/// the library keeps its address.
template <class F> class stream
{
  public:
    explicit stream(F f, std::size_t carry = 65536) : f_(std::move(f)), carry_(carry)
    {
        maillog_callbacks cb;
        maillog_callbacks_init(&cb);
        cb.on_event = &stream::call;
        check(maillog_stream_init(&s_, &cb, this, carry_.data(), carry_.size()));
    }
    stream(const stream &) = delete;
    stream &operator=(const stream &) = delete;

    /// @return bytes taken: all, unless the callable said false
    std::size_t feed(std::string_view data)
    {
        std::size_t used = 0;
        thrown_.done(maillog_stream_feed(&s_, data.data(), data.size(), &used));
        return used;
    }
    void finish() { thrown_.done(maillog_stream_finish(&s_)); }

  private:
    static int call(void *user, const maillog_event *e) noexcept
    {
        stream *self = static_cast<stream *>(user);
        return self->thrown_.catching([&]() -> int {
            if constexpr (std::is_void_v<std::invoke_result_t<F &, const event &>>)
                return self->f_(event(*e)), MAILLOG_CONTINUE;
            else
                return self->f_(event(*e)) ? MAILLOG_CONTINUE : MAILLOG_PAUSE;
        });
    }
    F f_;
    std::vector<char> carry_;
    maillog_stream s_;
    thrown thrown_;
};

/// Thousands of lines per call.
class batch
{
  public:
    explicit batch(std::uint32_t events = 4096) : rows_(events), fields_(events * 16 + MAILLOG_FIELDS_MAX) {}

    /// @return bytes taken: whole lines. `data` must outlive the rows.
    std::size_t parse(std::string_view data, bool final = false)
    {
        std::size_t used = 0;
        maillog_batch b{};
        b.event = rows_.data();
        b.field = fields_.data();
        b.event_cap = static_cast<std::uint32_t>(rows_.size());
        b.field_cap = static_cast<std::uint32_t>(fields_.size());
        b.final = final;
        check(maillog_batch_parse(nullptr, data.data(), data.size(), &b, &used));
        base_ = data.data();
        size_ = b.nevents;
        return used;
    }
    std::size_t size() const { return size_; }
    event operator[](std::size_t i) const
    {
        const maillog_batch_event &r = rows_[i];
        return event(base_, &fields_[r.field], r.nfields, r.time, {base_ + r.off, r.len}, r.type, r.daemon, r.match,
                     r.flags);
    }

  private:
    std::vector<maillog_batch_event> rows_;
    std::vector<maillog_field> fields_;
    const char *base_ = nullptr;
    std::size_t size_ = 0;
};

/// Events in, messages out. `on_message` may change the message (maillog_explain() does).
class join
{
  public:
    using callback = std::function<void(maillog_message &)>;
    explicit join(callback f, std::uint64_t memory = 0) : f_(std::move(f))
    {
        maillog_join_config cfg{};
        cfg.size = sizeof cfg;
        cfg.memory = memory;
        const std::size_t n = maillog_join_size(&cfg);
        block_.reset(new std::max_align_t[n / sizeof(std::max_align_t) + 1]);
        check(maillog_join_init(&j_, block_.get(), n, &cfg, &join::call, this));
    }
    join(const join &) = delete;
    join &operator=(const join &) = delete;

    void push(const maillog_event &e) { thrown_.done(maillog_join_push(j_, &e)); }
    void flush() { thrown_.done(maillog_join_flush(j_)); }

  private:
    static int call(void *user, maillog_message *m) noexcept
    {
        join *self = static_cast<join *>(user);
        if (self->thrown_) return -1; // the library hands out what is ready all the same
        return self->thrown_.catching([&]() -> int { return self->f_(*m), MAILLOG_CONTINUE; });
    }
    callback f_;
    std::unique_ptr<std::max_align_t[]> block_;
    maillog_join *j_ = nullptr;
    thrown thrown_;
};

} // namespace maillog

#endif
