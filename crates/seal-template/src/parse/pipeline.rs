//! What stands in an action: declarations, commands joined by pipes, and their operands.

use super::ast::{CommandNode, Expr, Number, PipeNode, Pos};
use super::lex::{Kind, Token};
use super::literal;
use super::tree::{Flaw, Parser};
use crate::error::Problem;
use std::rc::Rc;

impl Parser<'_> {
    /// A pipeline and the token that ends it.
    pub(super) fn pipeline(&mut self, end: Kind, is_range: bool) -> Result<PipeNode, Flaw> {
        let pos = Pos { offset: self.peek_word().at };
        let (decl, is_assign) = self.declarations(is_range)?;
        let mut commands: Vec<CommandNode> = Vec::new();
        loop {
            let token = self.peek_word();
            if token.kind == end {
                self.take();
                break;
            }
            if !starts_operand(token.kind) {
                return self.unexpected(token);
            }
            let command = self.command()?;
            if !commands.is_empty() && command.args.first().is_some_and(is_plain) {
                return Err(Flaw::at(command.pos.offset, "only functions can be given a value by a pipe"));
            }
            commands.push(command);
        }
        if commands.is_empty() {
            return Err(Flaw::at(pos.offset, "a value is missing"));
        }
        Ok(PipeNode { pos, decl, is_assign, commands })
    }

    /// `$x :=`, `$x =`, or with `range` also `$i, $x :=`. Without any, nothing is read.
    fn declarations(&mut self, is_range: bool) -> Result<(Vec<Rc<str>>, bool), Flaw> {
        let mut names: Vec<Rc<str>> = Vec::new();
        loop {
            let start = self.next;
            let variable = self.peek_word();
            if variable.kind != Kind::Variable {
                return Ok((names, false));
            }
            self.take();
            let after = self.peek_word();
            match after.kind {
                Kind::Assign | Kind::Declare => {
                    self.take();
                    names.push(variable.text.into());
                    self.variables.extend(names.iter().cloned());
                    return Ok((names, after.kind == Kind::Assign));
                }
                Kind::Comma if is_range && names.is_empty() => {
                    self.take();
                    names.push(variable.text.into());
                    if !matches!(self.peek_word().kind, Kind::Variable | Kind::Close | Kind::RightParen) {
                        return Err(Flaw::at(self.peek().at, "`range` can only declare variables"));
                    }
                }
                Kind::Comma => return Err(Flaw::at(after.at, "too many variables are declared at once")),
                _ => {
                    self.next = start;
                    // `$i, $x` without a sign behind it: the first one counts as declared.
                    self.variables.extend(names.iter().cloned());
                    return Ok((names, false));
                }
            }
        }
    }

    /// Operands with spaces between them, up to a pipe, which is read, or an end, which is not.
    fn command(&mut self) -> Result<CommandNode, Flaw> {
        let pos = Pos { offset: self.peek_word().at };
        let mut args = Vec::new();
        loop {
            self.peek_word();
            args.extend(self.operand()?);
            let token = self.peek();
            match token.kind {
                Kind::Space => drop(self.take()),
                Kind::Close | Kind::RightParen => break,
                Kind::Pipe => {
                    self.take();
                    break;
                }
                _ => return self.unexpected(token),
            }
        }
        if args.is_empty() { Err(Flaw::at(pos.offset, "a value is missing")) } else { Ok(CommandNode { pos, args }) }
    }

    /// A term and the fields that follow it without a space.
    fn operand(&mut self) -> Result<Option<Expr>, Flaw> {
        let Some(term) = self.term()? else { return Ok(None) };
        let mut fields: Vec<Rc<str>> = Vec::new();
        let at = self.peek().at;
        while self.peek().kind == Kind::Field {
            fields.push(self.take().text[1..].into());
        }
        if fields.is_empty() {
            return Ok(Some(term));
        }
        Ok(Some(match term {
            Expr::Field(pos, mut names) => {
                names.append(&mut fields);
                Expr::Field(pos, names)
            }
            Expr::Variable(pos, name, _) => Expr::Variable(pos, name, fields),
            Expr::Dot(_) | Expr::Nil(_) | Expr::Bool(..) | Expr::Number(..) | Expr::String(..) => {
                return Err(Flaw::at(at, "a field of something that has no fields"));
            }
            other => Expr::Chain(other.pos(), Box::new(other), fields),
        }))
    }

    fn term(&mut self) -> Result<Option<Expr>, Flaw> {
        let token = self.peek_word();
        let pos = Pos { offset: token.at };
        if !starts_operand(token.kind) {
            return Ok(None);
        }
        self.take();
        Ok(Some(match token.kind {
            Kind::Dot => Expr::Dot(pos),
            Kind::Nil => Expr::Nil(pos),
            Kind::Bool => Expr::Bool(pos, token.text == "true"),
            Kind::Field => Expr::Field(pos, vec![token.text[1..].into()]),
            Kind::Identifier => self.function(token)?,
            Kind::Variable => self.variable(token)?,
            Kind::Number => {
                let value =
                    literal::number(token.text).ok_or_else(|| Flaw::at(token.at, "this is not a number, or too large"))?;
                Expr::Number(pos, value)
            }
            Kind::Char => {
                let value = literal::character(token.text).ok_or_else(|| Flaw::at(token.at, "this is not a character"))?;
                Expr::Number(pos, Number::Int(value))
            }
            Kind::LeftParen => Expr::Pipe(pos, self.deeper(|parser| parser.pipeline(Kind::RightParen, false))?),
            _ => {
                let value = literal::string(token.text).ok_or_else(|| Flaw::at(token.at, "an escape that does not exist"))?;
                Expr::String(pos, value.into())
            }
        }))
    }

    fn function(&self, token: Token<'_>) -> Result<Expr, Flaw> {
        if !(self.is_function)(token.text) {
            return Err(Flaw { offset: token.at, problem: Problem::UnknownFunction(token.text.to_owned()) });
        }
        Ok(Expr::Identifier(Pos { offset: token.at }, token.text.into()))
    }

    fn variable(&self, token: Token<'_>) -> Result<Expr, Flaw> {
        if !self.variables.iter().any(|known| &**known == token.text) {
            return Err(Flaw { offset: token.at, problem: Problem::UnknownVariable(token.text.to_owned()) });
        }
        Ok(Expr::Variable(Pos { offset: token.at }, token.text.into(), Vec::new()))
    }
}

fn starts_operand(kind: Kind) -> bool {
    use Kind::*;
    matches!(kind, Bool | Char | Dot | Field | Identifier | Number | Nil | RawString | String | Variable | LeftParen)
}

/// What cannot take an argument, seen without running it.
fn is_plain(expr: &Expr) -> bool {
    matches!(expr, Expr::Bool(..) | Expr::Dot(_) | Expr::Nil(_) | Expr::Number(..) | Expr::String(..))
}
