"""`python -m habactors` is the command `habactors`."""

from habactors.console.main import main

if __name__ == "__main__":
    main()
