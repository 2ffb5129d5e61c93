//! Traces of languages other than Rust.

use super::*;

#[test]
fn node_browser_and_cause() {
    check(
        r#"2024-05-01T10:00:00.000Z boot
Error: cannot book
  order 7
    at Ledger.book (/srv/app/src/ledger.ts:12:9)
    at async Promise.all (index 0)
    at async file:///srv/app/src/main.mjs:3:1
    at new Pool (C:\app\node_modules\pg\lib\pool.js:5:1)
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5) {
  code: 'EBOOK',
  [cause]: TypeError: x is undefined
      at split (/srv/app/src/split.ts:4:2)
}
Uncaught (in promise) RangeError: too much
loadPage@https://example.test/static/app.js:10:5
@https://example.test/static/app.js:1:1
"#,
        expect![[r#"
            exception
              root: Some("cannot book\n  order 7")
              caused_by: Some("x is undefined")
              - app Ledger.book @ /srv/app/src/ledger.ts:12:9
              - runtime* Promise.all
              - app ? @ file:///srv/app/src/main.mjs:3:1
              - dependency new Pool @ C:\app\node_modules\pg\lib\pool.js:5:1
              - runtime* process.processTicksAndRejections @ node:internal/process/task_queues:95:5
              - app split @ /srv/app/src/split.ts:4:2
            exception
              root: Some("too much")
              - app loadPage @ https://example.test/static/app.js:10:5
              - app ? @ https://example.test/static/app.js:1:1
        "#]],
    );
}

#[test]
fn python_chains_and_groups() {
    check(
        r#"web_1  | Traceback (most recent call last):
web_1  |   File "/app/shop/cart.py", line 31, in total
web_1  |     return sum(self.prices)
web_1  | TypeError: unsupported operand
web_1  |
web_1  | During handling of the above exception, another exception occurred:
web_1  |
web_1  | Traceback (most recent call last):
web_1  |   File "/usr/lib/python3.12/asyncio/runners.py", line 9, in run
web_1  |   File "/app/shop/views.py", line 8, in show
web_1  |     raise CartError("no total") from None
web_1  | shop.errors.CartError: no total
"#,
        expect![[r#"
            exception
              root: Some("no total")
              during_handling: Some("unsupported operand")
              - app total @ /app/shop/cart.py:31
              - std* run @ /usr/lib/python3.12/asyncio/runners.py:9
              - app show @ /app/shop/views.py:8
        "#]],
    );
    check(
        r#"  + Exception Group Traceback (most recent call last):
  |   File "/app/main.py", line 5, in main
  |     raise ExceptionGroup("two", errors)
  | ExceptionGroup: two (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "/app/a.py", line 1, in a
    | ValueError: a
    +---------------- 2 ----------------
    | KeyError: 'b'
    +------------------------------------
"#,
        expect![[r#"
            exception
              root: Some("two (2 sub-exceptions)")
              group_member: Some("a")
              group_member: Some("'b'")
              - app main @ /app/main.py:5
              - app a @ /app/a.py:1
        "#]],
    );
}

#[test]
fn go_panics_and_goroutines() {
    check(
        "panic: assignment to entry in nil map [recovered]
\tpanic: assignment to entry in nil map

goroutine 7 [running]:
main.(*Store).Put(0xc000010000, {0x4b2f1c, 0x3})
\t/src/shop/store.go:41 +0x65
example.test/shop/web.Handle[...](...)
\t/src/shop/web/web.go:9
net/http.HandlerFunc.ServeHTTP(0x0, 0x0)
\t/usr/local/go/src/net/http/server.go:2136 +0x29
github.com/lib/pq.(*conn).exec(0x1)
\t/home/user/go/pkg/mod/github.com/lib/pq@v1.10.9/conn.go:12 +0x1
created by main.serve in goroutine 1
\t/src/shop/main.go:20 +0x1a
exit status 2
",
        expect![[r#"
            panic 'goroutine 7'
              root: Some("assignment to entry in nil map")
              - app main.(*Store).Put @ /src/shop/store.go:41
              - app example.test/shop/web.Handle[...] @ /src/shop/web/web.go:9
              - std* net/http.HandlerFunc.ServeHTTP @ /usr/local/go/src/net/http/server.go:2136
              - dependency github.com/lib/pq.(*conn).exec @ /home/user/go/pkg/mod/github.com/lib/pq@v1.10.9/conn.go:12
              - app main.serve @ /src/shop/main.go:20
        "#]],
    );
}

#[test]
fn java_causes_and_modules() {
    check(
        "2024-05-01 10:00:00 ERROR request failed
com.example.shop.CartException: no total
\tat com.example.shop.Cart.total(Cart.java:31) ~[classes!/:na]
\tat java.base/java.util.ArrayList.forEach(ArrayList.java:1596)
\tat org.springframework.web.Dispatcher.run(Dispatcher.java:9) ~[spring-web-6.1.2.jar!/:6.1.2]
\tSuppressed: java.io.IOException: closed
\t\tat com.example.shop.Db.close(Db.kt:8)
Caused by: java.lang.NullPointerException
\tat com.example.shop.Price.of(Unknown Source)
\t... 12 more
",
        expect![[r#"
            exception
              root: Some("no total")
              suppressed: Some("closed")
              caused_by: None
              - app com.example.shop.Cart.total @ Cart.java:31
              - std* java.util.ArrayList.forEach @ ArrayList.java:1596
              - dependency org.springframework.web.Dispatcher.run @ Dispatcher.java:9 [spring-web 6.1.2]
              - app com.example.shop.Db.close @ Db.kt:8
              - app com.example.shop.Price.of
        "#]],
    );
}

#[test]
fn a_rust_panic_that_quotes_another_trace_stays_one_of_rust() {
    check(
        "thread 'main' panicked at src/bridge.rs:4:5:
PythonError: Traceback (most recent call last):
  File \"/app/plugin.py\", line 3, in run
ValueError: bad
stack backtrace:
   0: app::bridge::call
             at ./src/bridge.rs:4:5
",
        expect![[r#"
            panic 'main' (cut)
              root: Some("PythonError: Traceback (most recent call last):\n  File \"/app/plugin.py\", line 3, in run\nValueError: bad")
              at src/bridge.rs:4:5
              0 app app::bridge::call @ ./src/bridge.rs:4:5
        "#]],
    );
}
