// Who has never mounted anything below a root, and copied `mount --bind` from a recipe.
    kernel.because("bound on itself").mount(Some(root), root, None, MsFlags::MS_BIND, None)
