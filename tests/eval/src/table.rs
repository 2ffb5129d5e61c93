//! Tables of figures, printed for a person or as JSON.

use std::io::Write as _;

use serde_json::{Map, Value, json};

use crate::Format;

/// Sections under one name.
#[derive(Debug)]
pub(crate) struct Table {
    name: String,
    columns: Vec<String>,
    sections: Vec<Section>,
}

/// Rows under one heading.
#[derive(Debug)]
pub(crate) struct Section {
    name: String,
    /// Its own columns; empty for those of the table.
    columns: Vec<String>,
    rows: Vec<(String, Vec<String>)>,
}

impl Section {
    /// Begins a section.
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), columns: Vec::new(), rows: Vec::new() }
    }

    /// Gives it columns of its own.
    pub(crate) fn columns(&mut self, columns: &[&str]) {
        self.columns = columns.iter().map(|column| (*column).to_owned()).collect();
    }

    /// Adds a row; an indented name belongs to the row above.
    pub(crate) fn row(&mut self, name: &str, cells: Vec<String>) {
        self.rows.push((name.to_owned(), cells));
    }
}

impl Table {
    /// Begins a table with the columns that most sections share.
    pub(crate) fn new(name: &str, columns: &[&str]) -> Self {
        let columns = columns.iter().map(|column| (*column).to_owned()).collect();
        Self { name: name.to_owned(), columns, sections: Vec::new() }
    }

    /// Adds a section.
    pub(crate) fn push(&mut self, section: Section) {
        self.sections.push(section);
    }

    /// Prints it on standard output.
    pub(crate) fn print(&self, format: Format) -> std::io::Result<()> {
        let mut out = std::io::stdout().lock();
        match format {
            Format::Text => out.write_all(self.text().as_bytes()),
            Format::Json => writeln!(out, "{:#}", self.json()),
        }
    }

    fn columns_of<'a>(&'a self, section: &'a Section) -> &'a [String] {
        if section.columns.is_empty() { &self.columns } else { &section.columns }
    }

    fn text(&self) -> String {
        let names = self.sections.iter().flat_map(|section| {
            section.rows.iter().map(|(name, _)| name.len()).chain([section.name.len()])
        });
        let width = names.max().unwrap_or(0) + 2;
        let mut text = String::new();
        for (section_idx, section) in self.sections.iter().enumerate() {
            let columns = self.columns_of(section);
            if section_idx > 0 {
                text.push('\n');
            }
            text += &line(width, &section.name, columns, columns);
            for (name, cells) in &section.rows {
                text += &line(width, name, cells, columns);
            }
        }
        text
    }

    fn json(&self) -> Value {
        let sections = self.sections.iter().map(|section| {
            let columns = self.columns_of(section);
            let rows = section.rows.iter().map(|(name, cells)| {
                let mut row = Map::new();
                row.insert("name".to_owned(), json!(name.trim()));
                for (column, cell) in columns.iter().zip(cells) {
                    let number = cell.parse::<f64>().ok().filter(|number| number.is_finite());
                    row.insert(column.clone(), number.map_or(json!(cell), |number| json!(number)));
                }
                Value::Object(row)
            });
            (section.name.clone(), Value::Array(rows.collect()))
        });
        json!({ "suite": self.name, "sections": Value::Object(sections.collect()) })
    }
}

fn line(width: usize, name: &str, cells: &[String], columns: &[String]) -> String {
    let mut line = format!("{name:<width$}");
    for (cell, column) in cells.iter().zip(columns) {
        line += &format!("{cell:>width$}", width = column.len().max(7) + 2);
    }
    format!("{}\n", line.trim_end())
}
