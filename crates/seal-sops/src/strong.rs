//! The stronger MAC beside the format's own: keyed, over paths, types, values, structure, comments and the object's identity.
