package Maillog;

# maillog for Perl, through FFI::Platypus: one C call for thousands of lines, then plain unpack().
#
#   my $log = Maillog->open('/var/log/mail.log');
#   while (my $ev = $log->next) {
#       print $ev->get('queue_id'), ' ', $ev->get('status'), "\n" if $ev->event eq 'delivery';
#   }
#
# Texts are bytes, as logged, and are made when they are asked for. Names and ids come from the library.
use strict;
use warnings;
use FFI::Platypus 1.00;
use FFI::Platypus::Buffer qw(scalar_to_pointer buffer_to_scalar);

our $VERSION = '0.1';

my $ffi = FFI::Platypus->new(api => 1, lib => $ENV{MAILLOG_LIBRARY} || 'libmaillog.so.0');
$ffi->attach([maillog_sizeof      => '_sizeof'],   ['int'] => 'size_t');
$ffi->attach([maillog_strerror    => '_strerror'], ['int'] => 'string');
$ffi->attach([maillog_batch_parse => '_parse'],    ['opaque', 'opaque', 'size_t', 'opaque', 'size_t*'] => 'int');
$ffi->attach([maillog_callbacks_init => '_callbacks_init'], ['opaque'] => 'void');
$ffi->attach([maillog_stream_init => '_stream_init'], ['opaque', 'opaque', 'opaque', 'opaque', 'size_t'] => 'int');
$ffi->attach([maillog_stream_feed => '_stream_feed'], ['opaque', 'opaque', 'size_t', 'size_t*'] => 'int');
$ffi->attach([maillog_stream_finish => '_stream_finish'], ['opaque'] => 'int');
$ffi->attach([maillog_match_name => '_match_name'], ['int'] => 'string');

my %names;
for my $what (qw(daemon event field)) {
    my $next = $ffi->function("maillog_${what}_next", ['int'] => 'int');
    my $name = $ffi->function("maillog_${what}_name", ['int'] => 'string');
    for (my $id = $next->call(0); $id; $id = $next->call($id)) { $names{$what}{$id} = $name->call($id) }
}
my %field_id = reverse %{ $names{field} };
my @matches = map { _match_name($_) } 0 .. 3;
my @marks = qw(truncated ambiguous fields_full continued oversized escaped);

use constant { ROW => 40, FIELD => 12, EVENTS => 4096, FIELDS => 4096 * 16 };
die "libmaillog has another layout than this module\n" if _sizeof(9) != ROW || _sizeof(3) != FIELD;

# Ids of all events with one of these names: several families may have one.
sub types { my %wanted = map { $_ => 1 } @_; return grep { $wanted{ $names{event}{$_} } } keys %{ $names{event} } }

# Maillog->open(path or file handle, types => [names of events]): what is left out does not leave C.
sub open {
    my ($class, $source, %opt) = @_;
    my $in = ref $source ? $source : undef;
    $in or CORE::open($in, '<:raw', $source) or die "$source: $!\n";
    my $types = $opt{types} ? pack('S*', sort { $a <=> $b } types(@{ $opt{types} })) : '';
    return bless {
        in => $in, text => '', at => 0, rows => "\0" x (EVENTS * ROW), fields => "\0" x (FIELDS * FIELD),
        n => 0, i => 0, types => $types, chunk => $opt{chunk} || 1 << 20,
    }, $class;
}

# One call into the library. The text stays where it is until the next: $ev->get cuts from it.
sub _batch {
    my ($self, $final) = @_;
    my $batch = pack 'QQ LLLL Q QQ LL', scalar_to_pointer($self->{rows}), scalar_to_pointer($self->{fields}), EVENTS,
        FIELDS, 0, 0, 0, 0, length $self->{types} ? scalar_to_pointer($self->{types}) : 0, length($self->{types}) / 2, $final;
    my $used = 0;
    my $code = _parse(undef, scalar_to_pointer($self->{text}) + $self->{at}, length($self->{text}) - $self->{at},
        scalar_to_pointer($batch), \$used);
    die _strerror($code) . "\n" if $code < 0;
    $self->{base} = $self->{at};
    $self->{at} += $used;
    ($self->{n}, my $fields) = unpack 'x24 LL', $batch;
    $self->{f} = [unpack "(S x2 LL)$fields", $self->{fields}]; # id, off, len of each
    $self->{i} = 0;
    return $used;
}

# The next event, or undef at the end. It is good until the one after the last of its batch is asked for.
sub next {
    my ($self) = @_;
    while ($self->{i} >= $self->{n}) {
        return undef if $self->{done};
        next if $self->_batch($self->{eof} ? 1 : 0);
        if ($self->{eof}) { $self->{done} = 1; next }
        substr($self->{text}, 0, $self->{at}, '');
        $self->{at} = 0;
        my $got = read $self->{in}, $self->{text}, $self->{chunk}, length $self->{text};
        die "read: $!\n" if !defined $got;
        $self->{eof} = $got == 0;
    }
    my @row = unpack 'L5 S C2', substr $self->{rows}, $self->{i} * ROW, ROW;
    return bless [$self, $self->{i}++, @row], 'Maillog::Event';
}

# Maillog::run($handle, sub { my ($ev) = @_ … }): a call for each line from inside the parser. What it dies of ends the
# run, and is died of again here.
sub run {
    my ($in, $call) = @_;
    my $self = bless { base => 0, at => 0 }, 'Maillog';
    my $error;
    my $closure = $ffi->closure(sub {
        my ($user, $ev) = @_;
        my ($line, @rest) = unpack 'Q L S C2 L L', buffer_to_scalar($ev, 24);
        my ($len, $type, $daemon, $match, $flags, $n) = @rest;
        $self->{text} = $len ? buffer_to_scalar($line, $len) : '';
        $self->{f} = [$n ? unpack '(S x2 LL)*', buffer_to_scalar($ev + 40, $n * FIELD) : ()];
        $self->{rows} = ("\0" x 24) . buffer_to_scalar($ev + 24, 16);
        my $ok = eval { $call->(bless [$self, 0, 0, $len, 0, $n, $flags, $type, $daemon, $match], 'Maillog::Event'); 1 };
        $error = $@ if !$ok;
        return $ok ? 0 : -1;
    });
    my $callbacks = "\0" x _sizeof(6);
    my ($stream, $carry, $used) = ("\0" x _sizeof(7), "\0" x 65536, 0);
    _callbacks_init(scalar_to_pointer($callbacks));
    substr($callbacks, 8, 8) = pack 'Q', $ffi->cast('(opaque,opaque)->int' => 'opaque', $closure);
    my $s = scalar_to_pointer($stream);
    my $code = _stream_init($s, scalar_to_pointer($callbacks), undef, scalar_to_pointer($carry), 65536);
    while (!$code && read $in, my $piece, 65536) {
        $code = _stream_feed($s, scalar_to_pointer($piece), length $piece, \$used);
    }
    $code ||= _stream_finish($s);
    die $error if defined $error;
    die _strerror($code) . "\n" if $code < 0;
}

package Maillog::Event;

# [log, number, off, len, field, nfields, flags, type, daemon, match]
sub line   { my ($log, $off, $len) = @{ $_[0] }[0, 2, 3]; return substr $log->{text}, $log->{base} + $off, $len }
sub event  { return $names{event}{ $_[0][7] } }
sub type   { return $_[0][7] }
sub daemon { return $names{daemon}{ $_[0][8] } }
sub match  { return $matches[$_[0][9]] }
sub marks  { my ($ev) = @_; return map { $marks[$_] } grep { $ev->[6] & 1 << $_ } 0 .. $#marks }

# The first such field, undef if the event has none.
sub get {
    my ($ev, $name) = @_;
    my $id = $field_id{$name} // die "no such field: $name\n";
    my ($log, $field, $n) = @{$ev}[0, 4, 5];
    my $f = $log->{f};
    for (my $i = 3 * $field; $i < 3 * ($field + $n); $i += 3) {
        return substr $log->{text}, $log->{base} + $f->[$i + 1], $f->[$i + 2] if $f->[$i] == $id;
    }
    return undef;
}

# ([name, text], …) in the order of the line.
sub fields {
    my ($log, $field, $n) = @{ $_[0] }[0, 4, 5];
    my $f = $log->{f};
    return map { [$names{field}{ $f->[3 * $_] }, substr $log->{text}, $log->{base} + $f->[3 * $_ + 1], $f->[3 * $_ + 2]] }
        $field .. $field + $n - 1;
}

# ISO 8601, as exact as the log; undef without a time.
sub time {
    my ($log, $i) = @{ $_[0] };
    my ($year, $month, $day, $h, $m, $s, $digits, $nsec, $east) =
        unpack 's C6 L s', substr $log->{rows}, $i * Maillog::ROW + 24, 16;
    return undef if !$month;
    my $text = sprintf '%s-%02d-%02dT%02d:%02d:%02d', $year ? sprintf('%04d', $year) : '-', $month, $day, $h, $m, $s;
    $text .= '.' . substr sprintf('%09d', $nsec), 0, $digits if $digits;
    return $text if $east == -32768;
    return $text . ($east ? sprintf '%s%02d:%02d', $east < 0 ? '-' : '+', int(abs($east) / 60), abs($east) % 60 : 'Z');
}

1;
