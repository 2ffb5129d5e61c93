use super::{declaration, declared_function};

#[test]
fn headings_name_what_they_open() {
    let check = |heading: &str, name: Option<&str>| {
        assert_eq!(declaration(heading).map(|found| found.name), name, "{heading}");
    };
    check("    pub(crate) async fn acquire<T>(&self, name: &str) -> Pooled {", Some("acquire"));
    check("impl<T: Clone> Iterator for Pool<T> {", Some("Pool"));
    check("impl<T> Pool<T> {", Some("Pool"));
    check("func (m *pageMap) AddFi(fi hugofs.FileMetaInfo) error {", Some("AddFi"));
    check("func main() {", Some("main"));
    check("    def named_type(self, name: str) -> Instance:", Some("named_type"));
    check("async function format(input) {", Some("format"));
    check("  format(input, opt) {", Some("format"));
    check("export const plugins = [", Some("plugins"));
    check("resolve_bool_arg", Some("resolve_bool_arg"));
    check("mod tests {", Some("tests"));
    check("", None);
    check("impl", None);
    check("((((", None);
}

#[test]
fn only_lines_that_open_a_function_declare_one() {
    assert_eq!(declared_function("    pub fn acquire(&self) {"), Some("acquire"));
    assert_eq!(declared_function("impl Pool {"), None);
    assert_eq!(declared_function("    acquire(name)"), None);
}
