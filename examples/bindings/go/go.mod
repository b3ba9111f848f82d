module example.org/maillog

go 1.18
