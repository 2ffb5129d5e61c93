use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use expect_test::{Expect, expect};

use super::*;
use crate::check::{Language, SnippetKind, Verdict, parse_snippet};

/// Files by path; `lib.d.ts` declares what is global, a package is its `index.d.ts`.
fn world(fixture: &str) -> (JsWorld, BTreeMap<String, String>) {
    let mut files = BTreeMap::new();
    let mut world = JsWorld::default();
    for section in fixture.split("//- /").skip(1) {
        let (path, text) = section.split_once('\n').unwrap();
        world.add_file(path.to_owned(), Arc::new(index_javascript(text, path.ends_with(".d.ts"))));
        files.insert(path.to_owned(), text.to_owned());
    }
    (world, files)
}

fn resolve(files: &BTreeMap<String, String>, from: &str, specifier: &str) -> Resolution {
    let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
    let path = match specifier.strip_prefix("./") {
        Some(rest) => format!("{folder}/{rest}.d.ts"),
        None => format!("node_modules/{specifier}/index.d.ts"),
    };
    let path = path.trim_start_matches('/').to_owned();
    if files.contains_key(&path) {
        return Resolution::File(path);
    }
    let source = path.replace(".d.ts", ".js");
    match files.contains_key(&source) {
        true => Resolution::File(source),
        false => Resolution::NoPackage(specifier.to_owned()),
    }
}

fn run(fixture: &str, text: &str) -> Vec<Reference> {
    let (mut world, files) = world(fixture);
    let snippet = parse_snippet(text, SnippetKind::Code(Language::TypeScript));
    let mut checked = CheckedJavaScript::default();
    for _round in 0..60 {
        checked = check_javascript(&snippet.others()[0], &world);
        if checked.wanted.is_empty() {
            break;
        }
        for (from, specifier) in checked.wanted.imports {
            let to = resolve(&files, &from, &specifier);
            world.resolve(from, specifier, to);
        }
        for name in checked.wanted.globals {
            let declares = files.get("lib.d.ts").is_some_and(|lib| lib.contains(&name));
            let found = if declares { vec!["lib.d.ts".to_owned()] } else { Vec::new() };
            world.add_global(name, found);
        }
    }
    checked.references
}

fn check(fixture: &str, text: &str, expected: Expect) {
    let mut shown = String::new();
    for one in run(fixture, text) {
        let (verdict, api) = (one.verdict.as_str(), &one.api);
        write!(shown, "{}:{} {api} {verdict}", one.line, one.column).unwrap();
        if !matches!(one.verdict, Verdict::Exists) {
            write!(shown, ": {}", one.reason).unwrap();
        }
        if !one.suggestions.is_empty() {
            write!(shown, " -> {}", one.suggestions.join(", ")).unwrap();
        }
        shown.push('\n');
    }
    expected.assert_eq(&shown);
}

const WEB: &str = r#"
//- /lib.d.ts
interface Array<T> { map<U>(f: (value: T, index: number) => U): U[]; at(index: number): T | undefined; length: number; }
interface String { trim(): string; }
interface Number { toFixed(): string; }
interface Promise<T> { then<R>(f: (value: T) => R): Promise<R>; }
//- /node_modules/web/index.d.ts
import { Answer as A } from "./answer";
export * from "./tools";
export { A as Answer };
export interface Options { retries?: number; headers?: { accept?: string }; }
export declare class Base { close(): void; }
export declare class Client extends Base {
    constructor(options?: Options);
    static make(options: Options): Client;
    get<T = any, R = A<T>>(path: string): Promise<R>;
    on(event: string, listener: (answer: A, more: number) => void): this;
    /** @deprecated use `get` */
    fetch(): void;
}
declare const client: Client;
export default client;
//- /node_modules/web/answer.d.ts
export interface Answer<T = any> { data: T; status: number; [Symbol.iterator](): any; }
//- /node_modules/web/tools.d.ts
export declare function quote(text: string): string;
//- /node_modules/old/index.d.ts
declare function old(): old.App;
declare namespace old {
    interface App { use(handler: Handler): this; }
    interface Handler { (request: Request, response: Response): void; }
    interface Request { path: string; }
    interface Response { send(text: string): void; }
    const version: string;
}
export = old;
//- /node_modules/plain/index.js
exports.make = function () {};
"#;

#[test]
fn imports_members_and_options() {
    check(
        WEB,
        "import client, { Client, quote, Answr } from 'web';\n\
         import gone from 'wep';\n\
         const c = new Client({ retries: 3, retry: 1, headers: { acept: 'x' } });\n\
         c.close(); c.shut(); c.fetch();\n\
         Client.make({}); Client.create();\n\
         client.get('/'); quote('x').trimm();\n",
        expect![[r#"
            1:8 web exists
            1:18 web.Client exists
            1:26 web.quote exists
            1:33 web.Answr missing: `web` exports no such name -> Answer
            1:46 web exists
            2:18 wep unknown_package: no package `wep` is installed here or in the lock file
            3:15 web.Client exists
            3:24 Options.retries exists
            3:36 Options.retry missing: `Options` takes no `retry` -> retries
            3:46 Options.headers exists
            3:57 options.acept missing: `options` takes no `acept` -> accept
            4:3 Client.close exists
            4:14 Client.shut missing: `Client` has no `shut`
            4:24 Client.fetch deprecated: `Client.fetch` is deprecated: use `get`
            5:1 web.Client exists
            5:8 Client.make exists
            5:18 web.Client exists
            5:25 Client.create missing: `Client` has no `create`
            6:1 web exists
            6:8 client.get exists
            6:18 web.quote exists
            6:29 String.trimm missing: `String` has no `trimm` -> trim
        "#]],
    );
}

#[test]
fn types_follow_promises_callbacks_and_annotations() {
    check(
        WEB,
        "import web, { Client } from 'web';\nimport old from 'old';\n\
         async function f(c: Client) {\n  const { data, stat } = await c.get('/');\n\
         \x20 c.on('x', (answer, more) => { answer.status; answer.code; more.toFix(); }).shut();\n}\n\
         old().use((request, response) => { request.pth; response.send('x'); });\n\
         old.version; old.vers;\n[1].map((n) => n.toFixed()).last();\n",
        expect![[r#"
            1:8 web exists
            1:15 web.Client exists
            1:29 web exists
            2:8 old exists
            2:17 old exists
            3:21 web.Client exists
            4:11 Answer.data exists
            4:17 Answer.stat missing: `Answer` has no `stat` -> status
            4:34 Client.get exists
            5:5 Client.on exists
            5:40 Answer.status exists
            5:55 Answer.code missing: `Answer` has no `code`
            5:66 Number.toFix missing: `Number` has no `toFix` -> toFixed
            5:78 Client.shut missing: `Client` has no `shut`
            7:1 old exists
            7:7 old.App.use exists
            7:44 old.Request.pth missing: `old.Request` has no `pth` -> path
            7:58 old.Response.send exists
            8:1 old exists
            8:5 old.version exists
            8:14 old exists
            8:18 old.vers missing: `old` has no `vers` -> version
            9:5 Array.map exists
            9:18 Number.toFixed exists
            9:29 Array.last missing: `Array` has no `last`
        "#]],
    );
}

#[test]
fn what_may_be_there_is_not_accused() {
    let found = run(
        WEB,
        "import { Client } from 'web';\nimport plain from 'plain';\nimport { own } from './own';\n\
         plain.anything.x; own.y;\n\
         declare const c: Client;\nif (c.extra) { c.extra(); }\n\
         let n = 1; n = window.x; n.foo;\n(c as any).foo; c.get<any, any>('/').then((r) => r.zzz);\n\
         class Mine extends Client { mine() { this.mine(); } }\nnew Mine().mine();\n",
    );
    let accused: Vec<&str> =
        found.iter().filter(|it| it.verdict.is_accusation()).map(|it| it.api.as_str()).collect();
    assert!(accused.is_empty(), "{accused:?}");
}

#[test]
fn hostile_declarations_end() {
    let mut circle = String::new();
    for idx in 0..40 {
        let next = (idx + 1) % 40;
        circle.push_str(&format!(
            "//- /node_modules/c{idx}/index.d.ts\nexport * from 'c{next}';\n\
             export {{ gone as g{idx} }} from 'c{next}';\n\
             export interface K{idx} extends K{idx} {{}}\nexport type T{idx} = T{idx}[];\n\
             export declare const k: K{idx} & {{ t: T{idx} }};\n"
        ));
    }
    let deep = format!("export type D = {}1{};\n", "(".repeat(20_000), ")".repeat(20_000));
    circle.push_str(&format!("//- /node_modules/deep/index.d.ts\n{deep}"));
    let text = format!(
        "import {{ k, nothing, g3 }} from 'c0';\nimport {{ D }} from 'deep';\nk.t[0].x; g3.y; k.z;\n{}",
        "f(".repeat(2_000)
    );
    assert!(!run(&circle, &text).is_empty());
}
