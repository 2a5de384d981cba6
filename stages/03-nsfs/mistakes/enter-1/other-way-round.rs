// Who knows that there are two orders, and not which is whose.
    files.sort_by_key(|opened| (opened.kind == Namespace::User) == lacks_rights);
    files
