# The vectors, pieces of any size, filter, exceptions. Usage: MAILLOG_LIBRARY=… perl -I. test.pl VECTORS | --bench LOG
use strict;
use warnings;
use JSON::PP;
use Maillog;
use Test::More;

if ($ARGV[0] eq '--bench') {
    my ($best, $events, $ids, $sent) = (1e30);
    for (1 .. 3) {
        ($events, $ids, $sent) = (0, 0, 0);
        my $start = (times)[0] + (times)[1];
        my $log = Maillog->open($ARGV[1]);
        my $delivery = (sort { $a <=> $b } Maillog::types('delivery'))[0];
        while (my $ev = $log->next) {
            $events++;
            $ids++ if defined $ev->get('queue_id');
            $sent++ if $ev->type == $delivery && $ev->get('status') eq 'sent';
        }
        my $ns = ((times)[0] + (times)[1] - $start) * 1e9 / $events;
        $best = $ns if $ns < $best;
    }
    printf "%d %d %.1f\n", $events, $sent, $best;
    exit;
}

# \udc80..\udcff stand for bytes that are no UTF-8. JSON::PP would refuse them: the text is made of bytes first.
sub decode {
    my ($text) = @_;
    $text =~ s/\\udc([89a-f][0-9a-f])/sprintf '\\u00%s\\u0001', $1/ge; # marked, and put back below
    my $v = JSON::PP->new->utf8->decode($text);
    my $bytes = sub {
        my $s = shift;
        my $out = '';
        $out .= defined $1 ? $1 : do { my $c = $2; utf8::encode($c); $c } while $s =~ /([\x80-\xff])\x01|(.)/gs;
        return $out;
    };
    $v->{line} = $bytes->($v->{line});
    $_->[1] = $bytes->($_->[1]) for @{ $v->{fields} };
    return $v;
}

sub vector {
    my ($ev) = @_;
    my %v = (line => $ev->line, match => $ev->match, fields => [$ev->fields]);
    for my $key (qw(time daemon event)) { my $value = $ev->$key; $v{$key} = $value if defined $value }
    $v{marks} = [$ev->marks] if $ev->marks;
    return \%v;
}

sub handle { my ($text) = @_; open my $in, '<', \$text or die; return $in }

open my $f, '<', $ARGV[0] or die "$ARGV[0]: $!\n";
my @want = map { decode($_) } <$f>;
my $text = join '', map { "$_->{line}\n" } @want;
for my $chunk (1 << 20, 777) {
    my $log = Maillog->open(handle($text), chunk => $chunk);
    my @got;
    while (my $ev = $log->next) { push @got, vector($ev) }
    is_deeply(\@got, \@want, scalar(@want) . " vectors, $chunk bytes at a time");
}
my @got;
Maillog::run(handle($text), sub { push @got, vector($_[0]) });
is_deeply(\@got, \@want, 'by callback');

my $line = "Jul 19 07:59:11 mail postfix/qmgr[3224]: B8D5D20BDD: removed\n";
my $log = Maillog->open(handle($line . "Jul 19 07:59:11 mail postfix/smtpd[1]: connect from a[192.0.2.1]\n"), types => ['connect']);
my $ev = $log->next;
is($ev->get('client_addr'), '192.0.2.1', 'filter');
is($ev->get('to'), undef, 'absent field');
ok(!eval { $ev->get('no_such_field'); 1 }, 'unknown field');
is($log->next, undef, 'end');
my $n = 0;
ok(!eval { Maillog::run(handle($line x 5), sub { die "mine\n" if ++$n == 2 }); 1 } && $@ eq "mine\n" && $n == 2, 'exception');
done_testing;
