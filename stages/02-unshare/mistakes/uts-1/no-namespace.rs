// Who has only ever used hostname(1), and tried it as root.
    kernel.because("the name that was asked for").sethostname(name)
