//! Corpora that are made by rule: the built-in world and random processes.

use synx_plan::corpus::{Content, Process, ProcessKind, Register, World};
use synx_plan::exact::Exact;
use synx_plan::unit::{Count, Unit};

use super::MANY;
use crate::call::Arguments;
use crate::compiler::Compiler;
use crate::value::Value;

/// Most states of a process: its stationary distribution takes their third power in time.
const MOST_STATES: u64 = 2048;

impl Compiler<'_> {
    pub(crate) fn world(&mut self, arguments: &Arguments) -> Value {
        let (documents, at) = arguments.required("documents");
        let documents = self.whole(&documents, at, Unit::counted(Count::Documents), "`documents`", (1, 1_000_000_000));
        let seed = self.seed(arguments);
        let register = register(&arguments.required("register").0);
        let heldout = self.heldout(arguments.get("heldout"));
        let (Some(documents), Some(seed), Some(register), Some(heldout)) = (documents, seed, register, heldout) else {
            return Value::Error;
        };
        let word = register_word(register);
        self.made(
            Content::World(World { register, documents, seed }),
            heldout,
            format!("world({word})"),
            arguments.span,
        )
    }

    fn seed(&mut self, arguments: &Arguments) -> Option<u64> {
        let (seed, at) = arguments.required("seed");
        self.whole(&seed, at, Unit::PLAIN, "`seed`", (0, 1 << 53))
    }
    pub(crate) fn process(&mut self, arguments: &Arguments) -> Value {
        let (kind_value, _) = arguments.required("kind");
        let Value::Text(kind) = kind_value else { return Value::Error };
        let takes: &[&str] = match &*kind {
            "markov" => &["order", "concentration"],
            "hmm" => &["states", "concentration"],
            _ => &["exponent"],
        };
        for name in ["order", "concentration", "states", "exponent"] {
            if let Some((_, at)) = arguments.get(name)
                && !takes.contains(&name)
            {
                let finding = self
                    .finding("E0103", at, format!("a {kind} process takes no `{name}`"), "not for this kind")
                    .help(format!("it takes {}", crate::suggest::listed(takes.iter().copied())));
                return self.report(finding);
            }
        }
        let (symbols, at) = arguments.required("symbols");
        let symbols = self.whole(&symbols, at, Unit::PLAIN, "`symbols`", (2, 255));
        let (tokens, at) = arguments.required("tokens");
        let tokens = self.whole(&tokens, at, Unit::counted(Count::Tokens), "`tokens`", (2, MANY));
        let seed = self.seed(arguments);
        let heldout = self.heldout(arguments.get("heldout"));
        let positive = |compiler: &mut Self, name: &str| {
            let Some((value, at)) = arguments.get(name) else { return Some(Exact::one()) };
            let (least, most) = if name == "exponent" { (0.0, 100.0) } else { (1e-3, 1e6) };
            compiler.plain(&value, at, &format!("`{name}`"), &format!("from {least} to {most}"), |number| {
                (least..=most).contains(&number.to_f64())
            })
        };
        let kind = match &*kind {
            "markov" => {
                let order = match arguments.get("order") {
                    Some((value, at)) => self.whole(&value, at, Unit::PLAIN, "`order`", (0, 8)),
                    None => Some(1),
                };
                let concentration = positive(self, "concentration");
                order.zip(concentration).map(|(order, concentration)| ProcessKind::Markov { order, concentration })
            }
            "hmm" => {
                let states = if let Some((value, at)) = arguments.get("states") {
                    self.whole(&value, at, Unit::PLAIN, "`states`", (1, MOST_STATES))
                } else {
                    self.missing_argument("process", "states", arguments.span);
                    None
                };
                let concentration = positive(self, "concentration");
                states.zip(concentration).map(|(states, concentration)| ProcessKind::Hmm { states, concentration })
            }
            _ => positive(self, "exponent").map(|exponent| ProcessKind::Zipf { exponent }),
        };
        let (Some(symbols), Some(tokens), Some(seed), Some(kind), Some(heldout)) =
            (symbols, tokens, seed, kind, heldout)
        else {
            return Value::Error;
        };
        if let ProcessKind::Markov { order, .. } = &kind {
            let states = symbols.checked_pow(u32::try_from(*order).unwrap_or(u32::MAX));
            if states.is_none_or(|states| states > MOST_STATES) {
                let finding = self
                    .finding(
                        "E0505",
                        arguments.span,
                        format!("a chain of order {order} over {symbols} symbols has too many states"),
                        format!("more than {MOST_STATES}"),
                    )
                    .help("lower `order` or `symbols`");
                return self.report(finding);
            }
        }
        let word = match kind {
            ProcessKind::Markov { .. } => "markov",
            ProcessKind::Hmm { .. } => "hmm",
            ProcessKind::Zipf { .. } => "zipf",
        };
        let content = Content::Process(Process { kind, symbols, tokens, seed });
        self.made(content, heldout, format!("process({word})"), arguments.span)
    }
}

pub(super) fn register(value: &Value) -> Option<Register> {
    let Value::Text(word) = value else { return None };
    Some(match &**word {
        "web" => Register::Web,
        "encyclopedic" => Register::Encyclopedic,
        "question_answer" => Register::QuestionAnswer,
        "textbook" => Register::Textbook,
        _ => return None,
    })
}

pub(super) fn register_word(register: Register) -> &'static str {
    match register {
        Register::Web => "web",
        Register::Encyclopedic => "encyclopedic",
        Register::QuestionAnswer => "question_answer",
        Register::Textbook => "textbook",
    }
}
