//! Binds function calls.

use sqlparser::ast::{
    CeilFloorKind, DateTimeField, Expr, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, Spanned,
};

use super::bind::Binder;
use super::error::{Fault, PredicateError};
use super::function::{Function, named};
use super::typed::{Node, Typed, common};
use super::types::Type;

impl Binder<'_> {
    pub(super) fn call(&mut self, expr: &Expr) -> Result<Typed, PredicateError> {
        let (function, arguments) = self.parts(expr)?;
        if function == Function::Coalesce {
            return self.coalesce(&arguments, expr);
        }
        if function == Function::AngularDistance {
            let wanted = "four arguments, the longitude and latitude of two positions,";
            return self.floats(function, &arguments, 4, wanted, expr);
        }
        if function == Function::Power {
            return self.floats(function, &arguments, 2, "two arguments, the base and the exponent,", expr);
        }
        let [argument] = arguments[..] else {
            let fault = Fault::Arguments { name: function.name(), wanted: "one argument", actual: arguments.len() };
            return Err(fault.at(self.text, expr.span()));
        };
        let argument = self.number(argument, function.name())?;
        let kind = match function {
            Function::Abs | Function::Ceil | Function::Floor if argument.kind.is_whole() => argument.kind,
            Function::IsNan | Function::IsFinite => Type::Boolean,
            _ => Type::Float,
        };
        let wanted = if kind == Type::Boolean { Type::Float } else { kind };
        Ok(Typed::new(kind, Node::Call(function, vec![argument.cast(wanted)])))
    }

    /// Binds a function of `number` floats.
    fn floats(
        &mut self,
        function: Function,
        arguments: &[&Expr],
        number: usize,
        wanted: &'static str,
        call: &Expr,
    ) -> Result<Typed, PredicateError> {
        let name = function.name();
        if arguments.len() != number {
            return Err(Fault::Arguments { name, wanted, actual: arguments.len() }.at(self.text, call.span()));
        }
        let all = arguments.iter().map(|expr| Ok(self.number(expr, name)?.cast(Type::Float)));
        let all = all.collect::<Result<Vec<_>, PredicateError>>()?;
        Ok(Typed::new(Type::Float, Node::Call(function, all)))
    }

    fn coalesce(&mut self, arguments: &[&Expr], call: &Expr) -> Result<Typed, PredicateError> {
        let all = arguments.iter().map(|expr| self.bind(expr)).collect::<Result<Vec<_>, _>>()?;
        let Some(first) = all.first() else {
            let fault = Fault::Arguments { name: "coalesce", wanted: "one argument or more", actual: 0 };
            return Err(fault.at(self.text, call.span()));
        };
        let mut kind = first.kind;
        for (typed, expr) in all.iter().zip(arguments).skip(1) {
            let so_far = Typed::literal(kind, super::typed::Literal::Null);
            kind = match common(&so_far, typed) {
                // With a larger scale, a decimal may exceed the maximum number of digits.
                Some(Type::Decimal(1..)) if ![kind, typed.kind].contains(&Type::Null) && kind != typed.kind => {
                    Type::Float
                }
                Some(kind) => kind,
                None => {
                    let fault = Fault::NotComparable { left: kind, right: typed.kind };
                    return Err(fault.at(self.text, expr.span()));
                }
            };
        }
        Ok(Typed::new(kind, Node::Call(Function::Coalesce, all.into_iter().map(|typed| typed.cast(kind)).collect())))
    }

    /// Returns the called function and its arguments. Refuses calls with any other clause.
    fn parts<'e>(&self, expr: &'e Expr) -> Result<(Function, Vec<&'e Expr>), PredicateError> {
        let refused = || self.unsupported(format!("'{expr}'"), expr.span());
        let call = match expr {
            Expr::Ceil { expr, field: CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) } => {
                return Ok((Function::Ceil, vec![&**expr]));
            }
            Expr::Floor { expr, field: CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) } => {
                return Ok((Function::Floor, vec![&**expr]));
            }
            Expr::Function(call) => call,
            _ => return Err(refused()),
        };
        let function = named(&call.name.to_string()).ok_or_else(refused)?;
        let bare = call.parameters == FunctionArguments::None
            && call.over.is_none()
            && call.filter.is_none()
            && call.null_treatment.is_none()
            && call.within_group.is_empty();
        let FunctionArguments::List(FunctionArgumentList { duplicate_treatment: None, args, clauses }) = &call.args
        else {
            return Err(refused());
        };
        if !bare || !clauses.is_empty() {
            return Err(refused());
        }
        let argument = |argument: &'e FunctionArg| match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Ok(expr),
            _ => Err(refused()),
        };
        Ok((function, args.iter().map(argument).collect::<Result<_, _>>()?))
    }
}
