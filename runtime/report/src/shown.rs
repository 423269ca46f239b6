//! Tables of the report as Markdown and as LaTeX.

use std::fmt::Write;

use crate::{TablePanel, TableResult};

/// The table as Markdown: a panel after the other, each a table with a header.
pub fn markdown(table: &TableResult) -> String {
    let escaped = |text: &str| text.replace('\\', "\\\\").replace('|', "\\|").replace('\n', " ");
    let mut text = format!("# {}\n", escaped(&table.name));
    if let Some(words) = &table.documentation {
        let _ = write!(text, "\n{}\n", words.trim());
    }
    let _ = write!(text, "\n{}\n", caption(table));
    for panel in &table.panels {
        if !panel.title.is_empty() {
            let _ = write!(text, "\n## {}\n", escaped(&panel.title));
        }
        let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
        let head = escaped(&format!("{} \\ {}", table.rows, table.columns));
        text.push('\n');
        text.push_str(&line(std::iter::once(head).chain(panel.header.iter().map(|name| escaped(name))).collect()));
        let marks = panel.header.iter().map(|_| "---:".to_owned());
        text.push_str(&line(std::iter::once("---".to_owned()).chain(marks).collect()));
        for (name, cells) in &panel.rows {
            let cells = cells.iter().map(|cell| escaped(&cell.join(", ")));
            text.push_str(&line(std::iter::once(escaped(name)).chain(cells).collect()));
        }
    }
    text
}

/// The table as LaTeX, to be read in with `\input`: a `tabular` for each panel, with rules of `booktabs`.
pub fn latex(table: &TableResult) -> String {
    let mut text =
        format!("% {} -- {}\n% needs \\usepackage{{booktabs}}\n", table.name, caption(table).replace('\n', " "));
    for panel in &table.panels {
        text.push_str(&tabular(table, panel));
    }
    text
}

fn tabular(table: &TableResult, panel: &TablePanel) -> String {
    let columns = panel.header.len();
    let mut text = format!("\\begin{{tabular}}{{l{}}}\n\\toprule\n", "r".repeat(columns));
    if !panel.title.is_empty() {
        let _ = writeln!(text, "\\multicolumn{{{}}}{{l}}{{{}}} \\\\\n\\midrule", columns + 1, escaped(&panel.title));
    }
    let _ = writeln!(text, " & \\multicolumn{{{}}}{{c}}{{{}}} \\\\", columns.max(1), escaped(&table.columns));
    let line = |first: &str, others: Vec<String>| {
        let cells: Vec<String> = std::iter::once(first).chain(others.iter().map(String::as_str)).map(escaped).collect();
        format!("{} \\\\\n", cells.join(" & "))
    };
    text.push_str(&line(&table.rows, panel.header.clone()));
    text.push_str("\\midrule\n");
    for (name, cells) in &panel.rows {
        text.push_str(&line(name, cells.iter().map(|cell| cell.join(", ")).collect()));
    }
    text.push_str("\\bottomrule\n\\end{tabular}\n");
    text
}

fn caption(table: &TableResult) -> String {
    let unit = if table.unit.is_empty() { String::new() } else { format!(" ({})", table.unit) };
    format!("{}{unit} by {} and {}", table.cell, table.rows, table.columns)
}

/// Text in which LaTeX finds no commands.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => escaped.extend(['\\', letter]),
            '\\' => escaped.push_str("\\textbackslash{}"),
            '~' => escaped.push_str("\\textasciitilde{}"),
            '^' => escaped.push_str("\\textasciicircum{}"),
            '\n' => escaped.push(' '),
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> TableResult {
        TableResult {
            name: "best_share".to_owned(),
            documentation: None,
            rows: "params".to_owned(),
            columns: "tokens".to_owned(),
            cell: "r".to_owned(),
            unit: String::new(),
            panels: vec![TablePanel {
                title: "style = a|b".to_owned(),
                header: vec!["4M".to_owned(), "16M".to_owned()],
                rows: vec![(
                    "100k".to_owned(),
                    vec![vec!["1/3".to_owned()], vec!["50 %".to_owned(), "x_y".to_owned()]],
                )],
            }],
        }
    }

    #[test]
    fn markdown_has_a_line_a_row_and_escapes_bars() {
        let expected = "# best_share\n\nr by params and tokens\n\n## style = a\\|b\n\n| params \\\\ tokens | 4M | 16M |\n| --- | ---: | ---: |\n| 100k | 1/3 | 50 %, x_y |\n";
        assert_eq!(markdown(&table()), expected);
    }

    #[test]
    fn latex_finds_no_commands_in_what_it_shows() {
        let text = latex(&table());
        assert!(text.contains("100k & 1/3 & 50 \\%, x\\_y \\\\\n"), "{text}");
        assert!(text.contains("\\begin{tabular}{lrr}") && text.ends_with("\\end{tabular}\n"), "{text}");
    }
}
