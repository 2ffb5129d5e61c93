use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use expect_test::{Expect, expect};

use super::*;
use crate::check::{Language, SnippetKind, Verdict, parse_snippet};

/// Modules by path: `//- /pkg/__init__.py`.
fn world(fixture: &str) -> PyWorld {
    let mut files: BTreeMap<String, (String, bool)> = BTreeMap::new();
    for section in fixture.split("//- /").skip(1) {
        let (path, text) = section.split_once('\n').unwrap();
        let stem = path.trim_end_matches(".py").replace('/', ".");
        match stem.strip_suffix(".__init__") {
            Some(package) => files.insert(package.to_owned(), (text.to_owned(), true)),
            None => files.insert(stem, (text.to_owned(), false)),
        };
    }
    let mut world = PyWorld::default();
    world.is_whole = true;
    for (name, (text, is_package)) in &files {
        let package = match is_package {
            true => name.as_str(),
            false => name.rsplit_once('.').map_or("", |(package, _)| package),
        };
        let below = files.keys().filter_map(|it| it.strip_prefix(&format!("{name}.")));
        let below = below.filter(|it| !it.contains('.')).map(str::to_owned).collect();
        let module = index_python(text, package).with_submodules(below);
        world.add(name.clone(), Found::Module(Arc::new(module)));
    }
    world
}

fn check(fixture: &str, text: &str, expected: Expect) {
    let mut world = world(fixture);
    let snippet = parse_snippet(text, SnippetKind::Code(Language::Python));
    let mut shown = String::new();
    for part in snippet.others() {
        let mut checked = check_python(part, &world);
        for _round in 0..20 {
            for name in std::mem::take(&mut checked.wanted) {
                world.add(name, Found::Nowhere);
            }
            checked = check_python(part, &world);
        }
        for one in &checked.references {
            let (verdict, api) = (one.verdict.as_str(), &one.api);
            write!(shown, "{}:{} {api} {verdict}", one.line, one.column).unwrap();
            if one.verdict != Verdict::Exists {
                write!(shown, ": {}", one.reason).unwrap();
            }
            if !one.suggestions.is_empty() {
                write!(shown, " -> {}", one.suggestions.join(", ")).unwrap();
            }
            shown.push('\n');
        }
    }
    expected.assert_eq(&shown);
}

const WEB: &str = r#"
//- /web/__init__.py
from .client import Client, get as fetch
from .errors import *
from . import tools
def __getattr__(name):
    if name == "__version__":
        return "1"
    raise AttributeError(name)
//- /web/client.py
from .answer import Answer
class Base:
    def close(self): ...
class Client(Base):
    timeout = 3
    def __init__(self, base_url, *, retries=0):
        self.base_url = base_url
    def get(self, path, **params) -> "Answer": ...
    def __enter__(self):
        return self
    async def wait(self) -> Answer: ...
def get(url, timeout=None):
    return Client(url).get("/")
//- /web/answer.py
class Answer:
    @property
    def client(self) -> "Client": ...
    def json(self): ...
    def __init__(self):
        self.status = 200
//- /web/errors.py
__all__ = ["WebError"]
class WebError(Exception): ...
class Hidden(Exception): ...
//- /web/tools.py
def quote(text): ...
//- /magic/__init__.py
def __getattr__(name):
    return load(name)
//- /plain.py
class Table(dict):
    def __getattr__(self, name): ...
class Row(Missing): ...
"#;

#[test]
fn imports_and_modules() {
    check(
        WEB,
        "import web.client\nfrom web import Client, fetch, WebError, Hidden\n\
         import web.clients, wep\nfrom magic import anything\nweb.tools.quote\nweb.quote\n",
        expect![[r#"
            1:8 web exists
            1:12 web.client exists
            2:6 web exists
            2:17 web.Client exists
            2:25 web.fetch exists
            2:32 web.WebError exists
            2:42 web.Hidden missing: `web` has no `Hidden`
            3:8 web exists
            3:12 web.clients missing: `web` has no module `clients` -> client
            3:21 wep unknown_package: no package that this environment installs brings a module `wep`
            4:6 magic exists
            4:19 magic.anything unknown: `magic`: it computes names in `__getattr__`
            5:5 web.tools exists
            5:11 web.tools.quote exists
            6:5 web.quote missing: `web` has no `quote`
        "#]],
    );
}

#[test]
fn types_follow_constructors_returns_and_managers() {
    check(
        WEB,
        "from web import Client, fetch\n\
         with Client('x', retrys=3) as c:\n    a = c.get('/')\n    a.json(), a.status, a.code\n\
         async def f(c: Client):\n    (await c.wait()).text\n    c.close, c.base_url, c.shut\n\
         fetch('x').jsn\n\
         try:\n    pass\nexcept KeyError as e:\n    e.message\n",
        expect![[r#"
            1:6 web exists
            1:17 web.Client exists
            1:25 web.fetch exists
            2:18 web.client.Client(retrys) missing: `web.client.Client` takes no `retrys` -> retries
            3:11 web.client.Client.get exists
            4:7 web.answer.Answer.json exists
            4:17 web.answer.Answer.status exists
            4:27 web.answer.Answer.code missing: `web.answer.Answer` has no `code`
            6:14 web.client.Client.wait exists
            6:22 web.answer.Answer.text missing: `web.answer.Answer` has no `text`
            7:7 web.client.Client.close exists
            7:16 web.client.Client.base_url exists
            7:28 web.client.Client.shut missing: `web.client.Client` has no `shut`
            8:12 web.answer.Answer.jsn missing: `web.answer.Answer` has no `jsn` -> json
            12:7 KeyError.message missing: `KeyError` has no `message`
        "#]],
    );
}

#[test]
fn what_may_be_there_is_not_accused() {
    check(
        WEB,
        "import web, plain\n\
         try:\n    from web import NewThing\nexcept ImportError:\n    NewThing = None\n\
         if hasattr(web, 'fast'):\n    web.fast()\n\
         plain.Table().anything\nplain.Row.x\n\
         def f(c: web.Client):\n    if isinstance(c, Mine):\n        c.mine()\n\
         class Own(web.Client):\n    def g(self):\n        self.own = 1\n        return self.own, self.get('/').cod\n",
        expect![[r#"
            1:8 web exists
            1:13 plain exists
            3:10 web exists
            3:21 web.NewThing unknown: the code handles that it may be missing
            7:9 web.fast unknown: the code asks whether it is there
            8:7 plain.Table exists
            8:15 plain.Table.anything unknown: `plain.Table` computes names in `__getattr__`
            9:7 plain.Row exists
            9:11 plain.Row.x unknown: a base of `plain.Row`: `Missing` is not known
            10:14 web.Client exists
            12:11 c.mine unknown: the code asks for its type
            13:15 web.Client exists
            16:40 web.answer.Answer.cod missing: `web.answer.Answer` has no `cod`
        "#]],
    );
}

#[test]
fn hostile_sources_end() {
    let mut circle = String::new();
    for idx in 0..40 {
        let next = (idx + 1) % 40;
        circle.push_str(&format!(
            "//- /c{idx}.py\nfrom c{next} import *\nfrom c{next} import gone\nclass K(K): ...\n"
        ));
    }
    let mut world = world(&circle);
    let deep = format!("class A:\n  x = {}1{}\n", "(".repeat(30_000), ")".repeat(30_000));
    world.add("deep".to_owned(), Found::Module(Arc::new(index_python(&deep, ""))));
    let nested: String = (0..3_000).map(|depth| format!("{}if x:\n", " ".repeat(depth))).collect();
    world.add("nested".to_owned(), Found::Module(Arc::new(index_python(&nested, ""))));
    let text = format!("import c0, deep, nested\nc0.nothing, c0.gone.x, c0.K().y\n{deep}{nested}");
    let snippet = parse_snippet(&text, SnippetKind::Code(Language::Python));
    let checked = snippet.others().iter().flat_map(|part| check_python(part, &world).references);
    assert!(
        checked
            .filter(|one| one.api.starts_with("c0."))
            .all(|it| !it.verdict.is_accusation() || it.api == "c0.nothing")
    );
}
