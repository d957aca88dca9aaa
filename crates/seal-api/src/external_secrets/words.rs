//! The closed lists of words that fields of these kinds take.

/// A field that takes one of a list of words. The default is what an absent field means.
pub(super) trait Word: Default + Sized {
    /// Every word.
    const WORDS: &'static [&'static str];
    /// The word's meaning.
    fn parse(text: &str) -> Option<Self>;
}

macro_rules! words {
    ($(#[$about:meta])* $name:ident { $first:ident = $first_text:literal $first_doc:literal, $($variant:ident = $text:literal $doc:literal),* $(,)? }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            #[doc = $first_doc]
            #[default]
            $first,
            $(#[doc = $doc] $variant),*
        }

        impl $name {
            /// Every member, the default first.
            pub const ALL: &'static [$name] = &[$name::$first, $($name::$variant),*];

            /// The word in an object.
            pub fn as_str(self) -> &'static str {
                match self {
                    $name::$first => $first_text,
                    $($name::$variant => $text),*
                }
            }
        }

        impl Word for $name {
            const WORDS: &'static [&'static str] = &[$first_text, $($text),*];

            fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|word| word.as_str() == text)
            }
        }
    };
}

words! {
    /// How the target comes to be.
    CreationPolicy {
        Owner = "Owner" "Made and owned.",
        Orphan = "Orphan" "Made and not owned.",
        Merge = "Merge" "Never made; our keys are merged into it.",
        None = "None" "Nothing is made.",
        CreateOrMerge = "CreateOrMerge" "Made when absent, merged into otherwise; never owned.",
    }
}
words! {
    /// What happens to the target once the store no longer has the data.
    DeletionPolicy {
        Retain = "Retain" "Nothing; absent data is an error.",
        Delete = "Delete" "Absent data is left out; when none is left the target is deleted.",
        Merge = "Merge" "Absent data is left out, our keys with it; the target stays.",
    }
}
words! {
    /// When the store is asked.
    RefreshPolicy {
        Periodic = "Periodic" "At every interval.",
        CreatedOnce = "CreatedOnce" "Once.",
        OnChange = "OnChange" "When the object changes.",
    }
}
words! {
    /// Whether metadata of the secret is asked for in place of its value.
    MetadataPolicy { None = "None" "The value.", Fetch = "Fetch" "The metadata.", }
}
words! {
    /// What becomes of characters that a key of a Secret may not have.
    ConversionStrategy { Default = "Default" "An underscore.", Unicode = "Unicode" "`_U` and the code point in hex and `_`.", }
}
words! {
    /// How values are decoded.
    DecodingStrategy {
        None = "None" "Not at all.",
        Auto = "Auto" "As whichever base64 they happen to be.",
        Base64 = "Base64" "As standard base64.",
        Base64Url = "Base64URL" "As base64 for URLs.",
    }
}
words! {
    /// What values with a NUL byte mean.
    NullBytePolicy { Ignore = "Ignore" "Nothing.", Fail = "Fail" "A failure.", }
}
words! {
    /// What a merge does with keys that two values have.
    ConflictPolicy { Error = "Error" "It fails.", Ignore = "Ignore" "The later one counts.", }
}
words! {
    /// What a merge does with priority keys that are not there.
    PriorityPolicy { Strict = "Strict" "It fails.", IgnoreNotFound = "IgnoreNotFound" "They are passed over.", }
}
words! {
    /// What a merge makes.
    MergeStrategy { Extract = "Extract" "One key for each key of the merged object.", Json = "JSON" "One key with the merged object.", }
}
words! {
    /// Whether a template replaces the raw data.
    MergePolicy { Replace = "Replace" "It does.", Merge = "Merge" "It is laid over the raw data.", }
}
words! {
    /// What an item of templateFrom is.
    TemplateScope { Values = "Values" "A template for one value.", KeysAndValues = "KeysAndValues" "A template for YAML of keys and values.", }
}
words! {
    /// Where rendered text goes.
    TemplateTarget { Data = "Data" "Into data.", Annotations = "Annotations" "Into annotations.", Labels = "Labels" "Into labels.", }
}
words! {
    /// What a list of windows is.
    WindowKind { Allow = "allow" "Refreshes happen only inside.", Deny = "deny" "Refreshes happen only outside.", }
}
words! {
    /// What a store can do.
    Capabilities { ReadOnly = "ReadOnly" "Read.", WriteOnly = "WriteOnly" "Write.", ReadWrite = "ReadWrite" "Both.", }
}
words! {
    /// What happens to the remote secret once it is no longer pushed.
    PushDeletion { None = "None" "Nothing.", Delete = "Delete" "It is deleted.", }
}
words! {
    /// What happens to a remote secret that is there already.
    PushUpdate { Replace = "Replace" "It is replaced.", IfNotExists = "IfNotExists" "It is left alone.", }
}
words! {
    /// How keys are turned back before they are pushed.
    PushConversion { None = "None" "Not at all.", ReverseUnicode = "ReverseUnicode" "`_U…_` becomes the character.", }
}
words! {
    /// A service of AWS.
    AwsService {
        SecretsManager = "SecretsManager" "Secrets Manager.",
        ParameterStore = "ParameterStore" "Parameter Store.",
        CertificateManager = "CertificateManager" "Certificate Manager, which is not served.",
    }
}
words! {
    /// How a generated password is written.
    PasswordEncoding {
        Raw = "raw" "As it is.",
        Base64 = "base64" "Standard base64.",
        Base64Url = "base64url" "Base64 for URLs.",
        Base32 = "base32" "Base32.",
        Hex = "hex" "Hexadecimal.",
    }
}
words! {
    /// A kind of SSH key.
    SshKeyType { Rsa = "rsa" "RSA.", Ecdsa = "ecdsa" "ECDSA.", Ed25519 = "ed25519" "Ed25519.", }
}
words! {
    /// Which part of Vault's answer a dynamic secret is.
    ResultType { Data = "Data" "`data`.", Auth = "Auth" "`auth`.", Raw = "Raw" "All of it.", }
}
