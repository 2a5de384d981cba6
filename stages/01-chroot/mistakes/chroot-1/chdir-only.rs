// Who takes the folder one is in for the folder where paths begin.
    kernel.because("into the new root").chdir(root)
