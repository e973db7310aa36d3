//! The filter's configurations in a YAML file: the members below each `value:`,
//! one a line, their values in flow style. More of YAML our examples don't use.

use serde_json::{Map, Value};

pub fn documents(text: &str) -> Vec<Value> {
    let lines: Vec<&str> = text.lines().collect();
    let starts = (0..lines.len()).filter(|at| lines[*at].trim() == "value:");
    starts.map(|at| document(&lines[at..])).collect()
}

fn document(lines: &[&str]) -> Value {
    let depth = |line: &str| line.len() - line.trim_start().len();
    let inside = lines[1..]
        .iter()
        .take_while(|line| depth(line) > depth(lines[0]));
    let members = inside.map(|line| {
        let (name, value) = line.trim().split_once(": ").expect("a member");
        let mut reader = Reader(value);
        (name.to_owned(), reader.value())
    });
    Value::Object(members.collect())
}

struct Reader<'a>(&'a str);

impl Reader<'_> {
    fn value(&mut self) -> Value {
        self.0 = self.0.trim_start();
        match self.0.chars().next() {
            Some('{') => Value::Object(self.members()),
            Some('[') => Value::Array(self.items()),
            Some('"') => Value::String(self.quoted()),
            _ => {
                let end = self.0.find([',', '}', ']', '#']).unwrap_or(self.0.len());
                let text = self.0[..end].trim();
                self.0 = &self.0[end..];
                serde_json::from_str(text).unwrap_or_else(|_| Value::from(text))
            }
        }
    }

    fn members(&mut self) -> Map<String, Value> {
        let mut members = Map::new();
        self.takes('{');
        while !self.takes('}') {
            self.takes(',');
            let (name, rest) = self.0.split_once(':').expect("a name");
            let name = name.trim().to_owned();
            self.0 = rest;
            members.insert(name, self.value());
        }
        members
    }

    fn items(&mut self) -> Vec<Value> {
        let mut items = Vec::new();
        while !self.takes(']') {
            self.takes(',');
            if !self.takes('[') || !self.0.trim_start().starts_with(']') {
                items.push(self.value());
            }
        }
        items
    }

    fn quoted(&mut self) -> String {
        let (text, rest) = self.0[1..].split_once('"').expect("the end of a text");
        self.0 = rest;
        text.to_owned()
    }

    fn takes(&mut self, c: char) -> bool {
        let rest = self.0.trim_start();
        self.0 = rest.strip_prefix(c).unwrap_or(rest);
        self.0.len() < rest.len()
    }
}
