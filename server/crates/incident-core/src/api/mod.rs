//! The surface of a package, read from its source with nothing compiled and nothing run.
//!
//! [`index_package`] turns a package's files into a [`CrateApi`]: items, imports and impls as they
//! are written, `cfg`s kept as predicates. [`ApiWorld`] joins the packages of one resolution and
//! answers what a path leads to, under the features that Cargo turned on. Private items are kept,
//! so that "there, but not public" can be told from "not there".

use serde::{Deserialize, Serialize};

pub(crate) mod cfg;
mod extract;
mod macros;
mod parser;
mod resolve;
pub(crate) mod tokens;
pub(crate) mod types;
mod world;

pub(crate) use cfg::parse_target;
pub use cfg::{Cfg, CfgContext, CfgValue};
pub use extract::{PackageSource, index_package};
pub(crate) use extract::{SnippetScope, index_snippet};
pub use resolve::{Gate, Lookup, Namespace, PathKind, Resolver, Target};
pub use types::{Bound, GenericParam, Generics, PathSegment, TypePath, TypeRef};
pub(crate) use world::head_name;
pub use world::{ApiWorld, CrateId, CrateKey, DefId, LoadedCrate};

/// Changes whenever the shape or the meaning of [`CrateApi`] does; part of every cache key.
pub const INDEX_FORMAT: u32 = 3;

/// An item's place in [`CrateApi::items`].
pub type ItemId = u32;

/// One crate as its source says it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CrateApi {
    /// The name that code uses: `tracing_subscriber`.
    pub name: String,
    /// The edition, which decides whether paths may start at the crate root.
    pub edition: u16,
    /// All items; the first is the crate's root module.
    pub items: Vec<Item>,
    /// All impl blocks.
    pub impls: Vec<Impl>,
    /// Macro calls in item position that could not be expanded.
    pub opaque: Vec<OpaqueMacro>,
    /// Modules whose file was not found or not read: path and reason.
    pub unread: Vec<(String, String)>,
    /// Names of `cfg` flags that the build script may set.
    pub build_cfgs: Vec<String>,
}

/// One named item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: ItemKind,
    /// Who may name it.
    pub vis: Vis,
    /// What its attributes say.
    pub attrs: Attrs,
    /// The module, or the enum of a variant. The root is its own parent.
    pub parent: ItemId,
}

/// What an item is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ItemKind {
    /// A module, or a block with items of its own.
    Module(Scope),
    /// A struct or a union.
    Struct {
        /// Its type parameters.
        generics: Generics,
        /// Its fields.
        fields: Fields,
        /// The paths in its derives.
        derives: Vec<String>,
    },
    /// An enum; variants are items of their own.
    Enum {
        /// Its type parameters.
        generics: Generics,
        /// Its variants.
        variants: Vec<ItemId>,
        /// The paths in its derives.
        derives: Vec<String>,
    },
    /// A variant of the enum that is its parent.
    Variant(Fields),
    /// A trait.
    Trait {
        /// Its type parameters.
        generics: Generics,
        /// Its supertraits.
        supers: Vec<Bound>,
        /// Its items.
        items: Vec<AssocItem>,
    },
    /// A type alias.
    TypeAlias {
        /// Its type parameters.
        generics: Generics,
        /// What it stands for.
        ty: TypeRef,
    },
    /// A function.
    Fn(Box<FnSig>),
    /// A constant.
    Const(TypeRef),
    /// A static.
    Static(TypeRef),
    /// A macro by example, or a function-like procedural macro.
    Macro,
    /// A procedural attribute.
    AttributeMacro,
    /// A procedural derive.
    DeriveMacro,
}

/// What a module holds besides what it inherits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Scope {
    /// Its items.
    pub items: Vec<ItemId>,
    /// Its `use` and `extern crate` declarations.
    pub imports: Vec<Import>,
    /// Why its content is not all known: a macro that could not be expanded, a file not read.
    pub opaque: Option<String>,
    /// It is a block: names that it lacks are looked up around it.
    pub is_block: bool,
}

/// One name that a `use` brings in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Import {
    /// The path from its first segment on.
    pub path: Vec<String>,
    /// The path starts with `::`, or names an `extern crate`.
    pub is_global: bool,
    /// The name it gets here; `None` for a glob or `as _`.
    pub name: Option<String>,
    /// It ends in `*`.
    pub is_glob: bool,
    /// Who may use it from here.
    pub vis: Vis,
    /// What its attributes say.
    pub attrs: Attrs,
}

/// Who may name an item.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Vis {
    /// `pub`.
    Public,
    /// `pub(crate)`, `pub(super)`, `pub(in path)`.
    Restricted,
    /// Nothing.
    #[default]
    Private,
}

/// What an item's attributes say.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Attrs {
    /// When it is there.
    #[serde(default, skip_serializing_if = "Cfg::is_always")]
    pub cfg: Cfg,
    /// Its deprecation, with since and note as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deprecated: Option<Deprecation>,
    /// The nightly feature that it needs (the standard library only).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unstable: Option<String>,
    /// `#[doc(hidden)]`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hidden: bool,
}

/// `#[deprecated]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deprecation {
    /// Since when.
    pub since: Option<String>,
    /// What to use instead.
    pub note: Option<String>,
}

/// The fields of a struct or a variant; tuple fields are named `0`, `1`, ...
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Fields {
    /// In order.
    pub fields: Vec<Field>,
    /// `Name(..)` rather than `Name { .. }`.
    pub is_tuple: bool,
}

/// One field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Field {
    /// Its name or index.
    pub name: String,
    /// Its type.
    pub ty: TypeRef,
    /// Who may name it.
    pub vis: Vis,
    /// When it is there.
    pub attrs: Attrs,
}

/// A function's signature.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FnSig {
    /// Its type parameters and bounds.
    pub generics: Generics,
    /// `self`, if it takes it.
    pub receiver: Option<Receiver>,
    /// The other parameters.
    pub params: Vec<TypeRef>,
    /// What it returns; `()` if nothing is written.
    pub ret: TypeRef,
    /// `async fn`.
    pub is_async: bool,
    /// It takes further arguments, as C functions may.
    pub is_variadic: bool,
}

/// How a method takes `self`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Receiver {
    /// `self`.
    Value,
    /// `&self`.
    Ref,
    /// `&mut self`.
    RefMut,
    /// `self: Type`.
    Typed(TypeRef),
}

/// An item of a trait or an impl.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AssocItem {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: AssocKind,
    /// Who may name it; in a trait and a trait's impl always public.
    pub vis: Vis,
    /// What its attributes say.
    pub attrs: Attrs,
}

/// What an associated item is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum AssocKind {
    /// A function or method.
    Fn(Box<FnSig>),
    /// A constant.
    Const(TypeRef),
    /// A type: its bounds, and what it stands for where that is said.
    Type(Vec<Bound>, Option<TypeRef>),
}

/// An impl block.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Impl {
    /// Its type parameters and bounds.
    pub generics: Generics,
    /// The trait, for a trait's impl.
    pub of_trait: Option<TypePath>,
    /// `impl !Trait for ..`.
    pub is_negative: bool,
    /// For what.
    pub self_ty: TypeRef,
    /// Its items.
    pub items: Vec<AssocItem>,
    /// The module whose names it uses.
    pub module: ItemId,
    /// When it is there.
    pub attrs: Attrs,
}

/// A macro call in item position that could not be expanded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OpaqueMacro {
    /// The macro's path as written, or `derive(..)` for a derive whose macro is not known.
    pub name: String,
    /// The words in its argument, sorted: what it could mention.
    pub words: Vec<String>,
    /// Where it stands.
    pub module: ItemId,
    /// When it counts.
    #[serde(default, skip_serializing_if = "Cfg::is_always")]
    pub cfg: Cfg,
}

#[cfg(test)]
mod tests;
