//! Generators: language models behind an endpoint that write text.

use std::rc::Rc;

use synx_plan::corpus::Endpoint;
use synx_plan::exact::Exact;
use synx_plan::unit::{Count, Unit};

use crate::block::Fields;
use crate::compiler::Compiler;
use crate::value::{Named, Span, Value};

impl<'t> Compiler<'t> {
    /// The generator that a block declares.
    pub(crate) fn generator_block(&mut self, fields: &Fields<'t>, name: &Rc<str>) -> Value {
        let endpoint = self.text_field(fields, "generator", "endpoint");
        let endpoint = endpoint.and_then(|(url, at)| self.url(&url, at).then_some(url));
        let model = self.text_field(fields, "generator", "model").map(|(model, _)| model);
        let number = |compiler: &mut Self, field: &str, default: &str, most: u64| {
            let (value, at) = fields.or_default(compiler, field, default);
            let range = format!("from 0 to {most}");
            compiler.plain(&value, at, &format!("`{field}`"), &range, |number| {
                !number.is_negative() && *number <= Exact::from(most)
            })
        };
        let temperature = number(self, "temperature", "1", 2);
        let top_p = number(self, "top_p", "1", 1);
        let (most, at) = fields.or_default(self, "max_tokens", "1024 tokens");
        let max_tokens = self.whole(&most, at, Unit::counted(Count::Tokens), "`max_tokens`", (1, 1 << 20));
        let price = self.price_field(fields);
        let key_variable = match fields.get(self, "key") {
            None => Some(None),
            Some((value, at)) => self.variable(&value, at).map(Some),
        };
        let (Some(endpoint), Some(model), Some(temperature), Some(top_p)) = (endpoint, model, temperature, top_p)
        else {
            return Value::Error;
        };
        let (Some(max_tokens), Some(price), Some(key_variable)) = (max_tokens, price, key_variable) else {
            return Value::Error;
        };
        let it =
            Endpoint { name: name.to_string(), endpoint, model, temperature, top_p, max_tokens, price, key_variable };
        Value::Generator(Rc::new(Named { name: Rc::clone(name), it }))
    }

    /// A required field that holds text.
    fn text_field(&mut self, fields: &Fields<'t>, kind: &str, name: &str) -> Option<(String, Span)> {
        let (value, at) = fields.required(self, kind, name)?;
        match value {
            Value::Text(text) if !text.trim().is_empty() => Some((text.to_string(), at)),
            Value::Text(_) => {
                let finding = self.finding("E0324", at, format!("`{name}` is empty"), "nothing here");
                self.report(finding);
                None
            }
            other => {
                self.expected(at, "a text in quotes", &other);
                None
            }
        }
    }

    /// What a token costs, in USD: `12 USD / 1M tokens`. None where it is not said; nothing at all where it is wrong.
    #[allow(clippy::option_option, reason = "the outer one is a mistake, the inner one a price that is not said")]
    pub(crate) fn price_field(&mut self, fields: &Fields<'t>) -> Option<Option<Exact>> {
        let Some((value, at)) = fields.get(self, "price") else { return Some(None) };
        let price = self.in_unit(&value, at, Unit::USD, "`price`")?;
        if price.is_negative() || price > Exact::one() {
            self.not_in_range(at, "`price` of a token", &price, "from 0 to 1 USD, as `12 USD / 1M tokens` is");
            return None;
        }
        Some(Some(price))
    }

    /// Whether a text is the address of an endpoint, without a secret in it.
    fn url(&mut self, url: &str, span: Span) -> bool {
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        let authority = rest.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
        let finding = match authority {
            None => self
                .finding("E0324", span, "an endpoint is an address on the web", "without `http://` or `https://`")
                .help("write where the server answers: `\"http://localhost:8000/v1\"`"),
            Some(authority) if authority.contains('@') => self
                .finding("E0324", span, "an endpoint holds no user and no password", "a study is shared with others")
                .help("name the environment variable that holds the key: `key = \"API_KEY\"`"),
            Some(_)
                if ["key=", "token=", "secret=", "password="]
                    .iter()
                    .any(|word| url.to_ascii_lowercase().contains(word)) =>
            {
                self.finding("E0324", span, "an endpoint holds no key", "a study is shared with others")
                    .help("name the environment variable that holds the key: `key = \"API_KEY\"`")
            }
            Some(authority) => {
                let (host, port) = match authority.rsplit_once(':') {
                    Some((host, port)) if !authority.ends_with(']') => (host, Some(port)),
                    _ => (authority, None),
                };
                let host_fits = !host.is_empty()
                    && host
                        .chars()
                        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '[' | ']' | ':'));
                let port_fits = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
                if host_fits && port_fits && !url.contains(char::is_whitespace) {
                    return true;
                }
                let label = if port_fits { "no host to be found" } else { "no port from 1 to 65535" };
                self.finding("E0324", span, format!("`{url}` is no address of an endpoint"), label)
                    .help("write where the server answers: `\"http://localhost:8000/v1\"`")
            }
        };
        self.report(finding);
        false
    }

    /// The name of an environment variable; what looks like the key itself is refused, and not repeated.
    fn variable(&mut self, value: &Value, span: Span) -> Option<String> {
        let Value::Text(text) = value else {
            self.expected(span, "the name of an environment variable in quotes", value);
            return None;
        };
        let named = !text.is_empty()
            && text.len() <= 64
            && !text.starts_with(|c: char| c.is_ascii_digit())
            && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
        if named {
            return Some(text.to_string());
        }
        let finding =
            self.finding("E0324", span, "`key` names an environment variable", "not the name of a variable").help(
                "keep the key out of the study: put it into a variable and name that, in capitals: `key = \"API_KEY\"`",
            );
        self.report(finding);
        None
    }
}
