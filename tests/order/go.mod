module sealkit.dev/tests/order

go 1.26
