//! What of a settings file changed, in every format.

use expect_test::{Expect, expect};

use super::{FileStates, between_builds, diff, is_config};

fn check(path: &str, before: &str, after: &str, expected: Expect) {
    let own = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let states = FileStates { before: own(before), after: own(after) };
    let shown: Vec<String> = diff(path, &states)
        .iter()
        .map(|it| format!("{}:{} {} {}", it.path, it.line, it.kind.as_str(), it.shown()))
        .collect();
    expected.assert_eq(&shown.join("\n"));
}

#[test]
fn toml_keys_are_whole() {
    check(
        "config/db.toml",
        "[pool]\nsize = 10\nhosts = [\"a\", \"b\"]\n\n[[worker]]\nname = \"mail\"\nthreads = 4\n",
        "# c\n[pool]\nsize = 5\nlabel = \"x\"\nhosts = [\"a\"]\n[[worker]]\nname = \"mail\"\nthreads = 1\n",
        expect![[r#"
            config/db.toml:3 setting pool.size: 10 -> 5
            config/db.toml:4 setting pool.label set to x
            config/db.toml:5 setting pool.hosts: ["a", "b"] -> ["a"]
            config/db.toml:8 setting worker[mail].threads: 4 -> 1"#]],
    );
}

#[test]
fn a_manifest_names_its_containers() {
    let manifest = |image: &str, memory: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  template:\n    \
             spec:\n      containers:\n        - name: app\n          image: {image}\n          \
             resources:\n            limits: {{ cpu: \"2\", memory: {memory} }}\n          env:\n            \
             - {{ name: LOG, value: info }}\n"
        )
    };
    check(
        "deploy/web.yaml",
        &manifest("r/app:1", "512Mi"),
        &manifest("r/app:2", "128Mi"),
        expect![[r#"
            deploy/web.yaml:10 image spec.template.spec.containers[app].image: r/app:1 -> r/app:2
            deploy/web.yaml:12 setting spec.template.spec.containers[app].resources.limits.memory: 512Mi -> 128Mi"#]],
    );
}

#[test]
fn several_manifests_in_one_file_are_told_apart() {
    let file = |a: &str, b: &str| {
        format!(
            "kind: Service\nmetadata:\n  name: a\nspec:\n  port: {a}\n---\nkind: Service\nmetadata:\n  name: b\nspec:\n  port: {b}\n"
        )
    };
    check(
        "k8s/all.yaml",
        &file("80", "81"),
        &file("80", "91"),
        expect!["k8s/all.yaml:11 setting Service[b].spec.port: 81 -> 91"],
    );
}

#[test]
fn json_flags() {
    check(
        "flags.json",
        r#"{ "checkout": { "shadow": false, "retries": 2 } }"#,
        "{\n  \"checkout\": { \"shadow\": true }\n}",
        expect![[r#"
            flags.json:1 setting checkout.retries removed (was 2)
            flags.json:2 flag checkout.shadow: false -> true"#]],
    );
}

#[test]
fn environment_and_properties() {
    check(
        ".env.production",
        "export HTTP_TIMEOUT=30\nDB_PASSWORD=old\n",
        "export HTTP_TIMEOUT=3\nDB_PASSWORD=new\n",
        expect![[r#"
            .env.production:1 setting HTTP_TIMEOUT: 30 -> 3
            .env.production:2 setting DB_PASSWORD: (hidden) -> (hidden)"#]],
    );
    check(
        "src/main/resources/app.properties",
        "spring.datasource.hikari.maximum-pool-size=20\n",
        "spring.datasource.hikari.maximum-pool-size=5\n",
        expect![
            "src/main/resources/app.properties:1 setting spring.datasource.hikari.maximum-pool-size: 20 -> 5"
        ],
    );
}

#[test]
fn terraform_blocks() {
    check(
        "infra/db.tf",
        "resource \"aws_db_instance\" \"main\" {\n  max_connections = 200\n}\n",
        "resource \"aws_db_instance\" \"main\" {\n  max_connections = 50\n}\n",
        expect!["infra/db.tf:2 setting resource.aws_db_instance.main.max_connections: 200 -> 50"],
    );
}

#[test]
fn images_and_migrations() {
    check(
        "Dockerfile",
        "FROM rust:1.80\nENV WORKERS=8\n",
        "FROM rust:1.90\nENV WORKERS=2\n",
        expect![[r#"
            Dockerfile:1 image FROM: rust:1.80 -> rust:1.90
            Dockerfile:2 setting ENV.WORKERS: 8 -> 2"#]],
    );
    check(
        "migrations/7_drop.sql",
        "",
        "-- away with it\nALTER TABLE orders\n  DROP COLUMN note;\nSELECT 1;\n",
        expect!["migrations/7_drop.sql:2 schema ALTER TABLE orders DROP COLUMN note"],
    );
}

#[test]
fn lock_files_of_every_packager() {
    check(
        "Cargo.lock",
        "[[package]]\nname = \"h2\"\nversion = \"0.4.1\"\nsource = \"r\"\n[[package]]\nname = \"x\"\nversion = \"1.0.0\"\n",
        "[[package]]\nname = \"h2\"\nversion = \"0.4.2\"\nsource = \"r\"\n[[package]]\nname = \"x\"\nversion = \"1.0.0\"\n",
        expect!["Cargo.lock:4 package h2: 0.4.1 -> 0.4.2"],
    );
    check(
        "web/package-lock.json",
        "{\n \"packages\": {\n  \"node_modules/undici\": {\n   \"version\": \"6.0.0\",\n",
        "{\n \"packages\": {\n  \"node_modules/undici\": {\n   \"version\": \"6.1.0\",\n",
        expect!["web/package-lock.json:4 package undici: 6.0.0 -> 6.1.0"],
    );
    check(
        "yarn.lock",
        "\"@a/b@^1.0\", \"@a/b@^1.1\":\n  version \"1.1.0\"\n",
        "\"@a/b@^1.0\", \"@a/b@^1.1\":\n  version \"1.2.0\"\n",
        expect!["yarn.lock:2 package @a/b: 1.1.0 -> 1.2.0"],
    );
    check(
        "pnpm-lock.yaml",
        "packages:\n  /@a/b@1.1.0(c@2.0.0):\n    dev: true\n  d@4.0.0:\n",
        "packages:\n  /@a/b@1.2.0(c@2.0.0):\n    dev: true\n  d@4.0.0:\n",
        expect!["pnpm-lock.yaml:2 package @a/b: 1.1.0 -> 1.2.0"],
    );
    check(
        "go.sum",
        "golang.org/x/net v0.1.0 h1:a=\ngolang.org/x/net v0.1.0/go.mod h1:b=\n",
        "golang.org/x/net v0.2.0 h1:a=\ngolang.org/x/net v0.2.0/go.mod h1:b=\n",
        expect!["go.sum:1 package golang.org/x/net: v0.1.0 -> v0.2.0"],
    );
    check(
        "requirements.txt",
        "redis==5.0.0\n",
        "redis==5.1.0 ; python_version > '3'\n",
        expect!["requirements.txt:1 package redis: 5.0.0 -> 5.1.0"],
    );
}

#[test]
fn developers_tools_are_no_settings() {
    for path in ["tsconfig.json", ".github/workflows/ci.yml", "tests/data/a.json", "src/main.rs"] {
        assert!(!is_config(path), "{path}");
    }
    for path in ["deploy/web.yaml", ".env", "Cargo.lock", "charts/x/values.yaml", "db/1.sql"] {
        assert!(is_config(path), "{path}");
    }
}

#[test]
fn damaged_files_give_what_can_be_read() {
    let broken = "[pool\nsize = 10\n[[[[\u{0}";
    for path in ["a.toml", "a.yaml", "a.json", ".env", "a.tf", "Dockerfile", "a.sql", "yarn.lock"] {
        for text in [broken, "{{{{{{", "\"", "@", "- - - -", "a@", "@@@", "é@é", "--", "="] {
            let states = FileStates { before: None, after: Some(text.to_owned()) };
            diff(path, &states);
        }
    }
    let deep = "[".repeat(100_000);
    diff("a.json", &FileStates { before: None, after: Some(deep) });
}

#[test]
fn builds_differ_in_what_they_were_made_with() {
    let good = "\
2026-02-03T10:00:00.1Z rustc 1.75.0 (82e1608df 2023-12-21)
#5 [1/7] FROM docker.io/library/rust:1.75@sha256:aaaabbbbccccdddd
#9 1.234    Compiling serde v1.0.190
#9 1.300    Compiling app v0.1.0 (/src)
Successfully installed idna-3.4 requests-2.31.0
added express@4.18.2
+ cargo build --release --features tls
npm warn deprecated har-validator@5.1.5: no longer supported
";
    let bad = "\
2026-02-04T10:00:00.1Z \u{1b}[1mrustc\u{1b}[0m 1.76.0 (07dca489a 2024-02-04)
#5 [1/7] FROM docker.io/library/rust:1.76@sha256:eeeeffff00001111
#9 1.234    Compiling serde v1.0.196
#9 1.300    Compiling app v0.1.0 (/src)
Successfully installed idna-3.6 requests-2.31.0
added express@4.18.2
+ cargo build --release --features tls,http2
warning: unused variable: `pool`
";
    let shown: Vec<String> = between_builds("ci.log", good, bad)
        .iter()
        .map(|it| format!("{} {}:{} {}\n", it.kind.as_str(), it.path, it.line, it.shown()))
        .collect();
    expect![[r#"
        toolchain ci.log:1 rustc: 1.75.0 -> 1.76.0
        image ci.log:2 FROM docker.io/library/rust: 1.75@sha256:aaaabbbbcccc -> 1.76@sha256:eeeeffff0000
        package ci.log:5 idna: 3.4 -> 3.6
        package ci.log:3 serde: 1.0.190 -> 1.0.196
        setting ci.log:7 cargo build: --release --features tls -> --release --features tls,http2
        warning ci.log:8 new: unused variable: `pool`
        warning ci.log:8 gone: deprecated har-validator@5.1.5: no longer supported
    "#]].assert_eq(&shown.concat());
    assert!(between_builds("ci.log", good, good).is_empty());
}
